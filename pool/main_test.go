package pool_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.uber.org/goleak"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
	"github.com/llm-observatory/llmobservatoryexporter/pool"
)

// shared is the server of all tests that neither stop nor configure one.
var shared *testserver.PG

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	var err error
	if shared, err = testserver.StartPostgres(context.Background(), testserver.PostgresOptions{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	if err := shared.Remove(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	return code
}

// configFor returns a configuration, by fields, that connects to a server's database "postgres".
func configFor(pg *testserver.PG) pool.Config {
	cfg := pool.DefaultConfig()
	cfg.Postgres.Host = pg.Host
	cfg.Postgres.Port = pg.Port
	cfg.Postgres.Database = "postgres"
	cfg.Postgres.Username = pg.User
	cfg.Postgres.Password = configopaque.String(pg.Password)
	cfg.Pool.MinConnections = 0
	cfg.ConnectRetry.InitialDelay = time.Millisecond
	return cfg
}

// open opens a pool that the test's end closes.
func open(t *testing.T, cfg pool.Config) *pool.Pool {
	t.Helper()
	p, err := pool.Open(t.Context(), cfg, nil)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		require.NoError(t, p.Close(ctx))
	})
	return p
}

// connect opens a pool and waits for Postgres.
func connect(t *testing.T, cfg pool.Config) *pool.Pool {
	t.Helper()
	p := open(t, cfg)
	require.NoError(t, p.Connect(t.Context()))
	return p
}

// requireSecret checks that no way to print an error shows a secret.
func requireSecret(t *testing.T, err error, secret string) {
	t.Helper()
	for _, format := range []string{"%v", "%+v", "%s", "%q"} {
		require.NotContains(t, fmt.Sprintf(format, err), secret)
	}
}
