// Package storetest has what the tests of several packages on the tables share.
package storetest

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/schema"
	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// Open returns a migrated database of the test's own.
func Open(t testing.TB) (url string, pool *pgxpool.Pool) {
	t.Helper()
	url = testserver.NewDatabase(t)
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	require.NoError(t, schema.Migrate(t.Context(), conn, "public"))
	require.NoError(t, conn.Close(t.Context()))
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
