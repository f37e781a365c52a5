// Package storetest has what the tests of several packages on the tables share.
package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/schema"
	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// NewDatabase returns the URL of a migrated database of the test's own.
func NewDatabase(t testing.TB) string {
	t.Helper()
	return testserver.NewCopy(t, func(ctx context.Context, url string) error {
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			return err
		}
		return errors.Join(schema.Migrate(ctx, conn, "public"), conn.Close(ctx))
	})
}

// Open returns a migrated database of the test's own.
func Open(t testing.TB) (url string, pool *pgxpool.Pool) {
	t.Helper()
	url = NewDatabase(t)
	return url, Pool(t, url)
}

// Pool returns a pool of connections that ends with the test.
func Pool(t testing.TB, url string) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(context.Background(), url)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}
