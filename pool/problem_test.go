package pool_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
	"github.com/llm-observatory/llmobservatoryexporter/pool"
)

func TestProblemSaysWhatToLookAt(t *testing.T) {
	code := func(code string) error { return fmt.Errorf("write: %w", &pgconn.PgError{Code: code}) }
	for want, errs := range map[string][]error{
		"PostgreSQL, or an extension such as Citus, does not support a statement of the exporter": {code("0A000")},
		"PostgreSQL is read-only, as a standby is":                                                {code("25006")},
		"The disk of PostgreSQL is full":                                                          {code("53100")},
		"PostgreSQL has no memory left":                                                           {code("53200")},
		"PostgreSQL is starting up or shutting down":                                              {code("57P03")},
		"PostgreSQL ends connections":                                                             {code("57P01"), code("57P02")},
		"PostgreSQL cannot be reached":                                                            {code("08006"), &pool.Error{Kind: pool.KindConnection, Err: errors.New("refused")}},
		"PostgreSQL does not answer in time":                                                      {code("57014"), context.DeadlineExceeded},
		"Other transactions keep a batch from being stored":                                       {code("40P01"), code("55P03")},
		"PostgreSQL reports an error":                                                             {code("XX000"), code("42601"), errors.New("odd")},
	} {
		for _, err := range errs {
			assert.Equal(t, want, pool.Problem(err), "%v", err)
		}
	}
}

// TestMissingConnectionSlotIsNamed takes all connections of a role.
func TestMissingConnectionSlotIsNamed(t *testing.T) {
	pg := testserver.Postgres(t, testserver.PostgresOptions{Settings: map[string]string{"max_connections": "5", "superuser_reserved_connections": "0"}})
	cfg := pool.DefaultConfig()
	cfg.Postgres.URL = configopaque.String(pg.URL(""))
	cfg.ConnectRetry.MaxAttempts = 1
	greedy := open(t, cfg)
	require.NoError(t, greedy.Connect(t.Context()))
	for range 5 {
		ctx, cancel := context.WithTimeout(t.Context(), soon)
		conn, err := greedy.Acquire(ctx)
		cancel()
		require.NoError(t, err)
		defer conn.Release()
	}
	err := open(t, cfg).Connect(t.Context())
	assert.Contains(t, pool.Problem(err), "no free connection slot")
	assert.True(t, pool.IsRetryable(err))
}
