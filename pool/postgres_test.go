package pool_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
	"github.com/llm-observatory/llmobservatoryexporter/pool"
)

func TestNewConnects(t *testing.T) {
	cfg := configFor(shared)
	cfg.Postgres.ApplicationName = "it's me"
	p, err := pool.New(t.Context(), cfg, nil)
	require.NoError(t, err)

	var name string
	require.NoError(t, p.Postgres().QueryRow(t.Context(), "SHOW application_name").Scan(&name))
	assert.Equal(t, "it's me", name)
	health, err := p.HealthCheck(t.Context())
	require.NoError(t, err)
	assert.False(t, health.Degraded())
	assert.Nil(t, p.Redis())

	require.NoError(t, p.Close(t.Context()))
	require.NoError(t, p.Close(t.Context()), "closing twice is closing once")
	err = p.HealthCheckPostgres(t.Context())
	assert.ErrorIs(t, err, pool.KindPool)
}

func TestURLAndFieldsAddUp(t *testing.T) {
	cfg := configFor(shared)
	cfg.Postgres.URL = configopaque.String(fmt.Sprintf("postgresql://%s@%s:%d/postgres?options=-c%%20work_mem%%3D5MB", shared.User, shared.Host, shared.Port))
	cfg.Postgres.Host = "a.host.that.the.url.replaces.invalid"
	cfg.Postgres.Password = configopaque.String(shared.Password)
	p := connect(t, cfg)
	var memory, name string
	require.NoError(t, p.Postgres().QueryRow(t.Context(), "SELECT current_setting('work_mem'), current_setting('application_name')").Scan(&memory, &name))
	assert.Equal(t, "5MB", memory)
	assert.Equal(t, "llm-observatory", name)
}

func TestUnixSocket(t *testing.T) {
	cfg := configFor(shared)
	cfg.Postgres.Host = shared.Dir
	connect(t, cfg)
}

func TestMultiHostFindsTheServerThatAnswers(t *testing.T) {
	closed, err := testserver.FreePort()
	require.NoError(t, err)
	cfg := configFor(shared)
	cfg.Postgres.URL = configopaque.String(fmt.Sprintf("postgresql://%s:%s@127.0.0.1:%d,%s:%d/postgres?target_session_attrs=read-write",
		shared.User, url.QueryEscape(shared.Password), closed, shared.Host, shared.Port))
	connect(t, cfg)
}

// TestPermanentFaultsFailAtOnce: what nobody has changed in the meantime is not tried again.
func TestPermanentFaultsFailAtOnce(t *testing.T) {
	const wrong = "wr0ng'pass\\word"
	tests := map[string]struct {
		change func(*pool.Config)
		says   string
	}{
		"wrong password": {
			func(cfg *pool.Config) { cfg.Postgres.Password = wrong },
			"28P01",
		},
		"unknown user": {
			func(cfg *pool.Config) { cfg.Postgres.Username = "nobody_we_know" },
			"28P01",
		},
		"unknown database": {
			func(cfg *pool.Config) { cfg.Postgres.Database = "no_such_database" },
			"3D000",
		},
		"TLS refused": {
			func(cfg *pool.Config) { cfg.Postgres.SSLMode = "require" },
			"TLS",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cfg := configFor(shared)
			tt.change(&cfg)
			_, err := pool.New(t.Context(), cfg, nil)
			require.Error(t, err)
			assert.ErrorIs(t, err, pool.KindConfig)
			assert.False(t, pool.IsRetryable(err))
			assert.ErrorContains(t, err, "PostgreSQL connection failed after 1 attempt: ")
			assert.ErrorContains(t, err, tt.says)
			requireSecret(t, err, wrong)
			requireSecret(t, err, shared.Password)
		})
	}
}

func TestUnreachableServerIsTriedAsOftenAsConfigured(t *testing.T) {
	closed, err := testserver.FreePort()
	require.NoError(t, err)
	cfg := configFor(shared)
	cfg.Postgres.Port = closed
	_, err = pool.New(t.Context(), cfg, nil)
	address := fmt.Sprintf("127.0.0.1:%d", closed)
	assert.EqualError(t, err, "PostgreSQL connection failed after 3 attempts: failed to connect to `user=postgres database=postgres`: "+
		address+" (127.0.0.1): dial error: dial tcp "+address+": connect: connection refused")
	assert.ErrorIs(t, err, pool.KindConnection)
	assert.True(t, pool.IsRetryable(err))
	requireSecret(t, err, shared.Password)
}

func TestSilentServerTimesOut(t *testing.T) {
	proxy := shared.Proxy(t)
	proxy.Hang()
	cfg := configFor(shared)
	cfg.Postgres.Port = proxy.Port
	cfg.Pool.ConnectTimeout = 50 * time.Millisecond
	_, err := pool.New(t.Context(), cfg, nil)
	assert.ErrorIs(t, err, pool.KindTimeout)
	assert.True(t, pool.IsRetryable(err))
}

func TestUnsuitableServerMayBecomeSuitable(t *testing.T) {
	cfg := configFor(shared)
	cfg.Postgres.URL = configopaque.String(shared.URL("postgres") + "?target_session_attrs=standby")
	_, err := pool.New(t.Context(), cfg, nil)
	assert.ErrorIs(t, err, pool.KindConnection)
	assert.True(t, pool.IsRetryable(err))
}

func TestOpenBeforePostgresRuns(t *testing.T) {
	pg := testserver.Postgres(t, testserver.PostgresOptions{})
	require.NoError(t, pg.Stop())
	p := open(t, configFor(pg))
	require.True(t, pool.IsRetryable(p.Connect(t.Context())))
	require.NoError(t, pg.Start(t.Context()))
	require.NoError(t, p.Connect(t.Context()))
}

func TestConnectEndsWithItsContext(t *testing.T) {
	closed, err := testserver.FreePort()
	require.NoError(t, err)
	cfg := configFor(shared)
	cfg.Postgres.Port = closed
	cfg.ConnectRetry = pool.RetryConfig{MaxAttempts: 1000, InitialDelay: time.Minute, MaxDelay: time.Minute, Multiplier: 1}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	assert.ErrorContains(t, open(t, cfg).Connect(ctx), "after 1 attempt: ")
}

func TestPasswordFileIsReadForEachConnection(t *testing.T) {
	admin := connect(t, configFor(shared))
	setPassword := func(password string) {
		_, err := admin.Postgres().Exec(t.Context(), "ALTER ROLE rotating LOGIN PASSWORD '"+password+"'")
		require.NoError(t, err)
	}
	_, err := admin.Postgres().Exec(t.Context(), "CREATE ROLE rotating")
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := admin.Postgres().Exec(context.Background(), "DROP ROLE rotating")
		require.NoError(t, err)
	})
	setPassword("first")

	file := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(file, []byte("first\n"), 0o600))
	cfg := configFor(shared)
	cfg.Postgres.Username = "rotating"
	cfg.Postgres.Password = ""
	cfg.Postgres.PasswordFile = file
	p := connect(t, cfg)

	setPassword("second")
	p.Postgres().Reset() // the open connections would go on working
	err = p.Connect(t.Context())
	require.ErrorIs(t, err, pool.KindConfig)
	requireSecret(t, err, "first")
	require.NoError(t, os.WriteFile(file, []byte("second"), 0o600))
	require.NoError(t, p.Connect(t.Context()))

	require.NoError(t, os.Remove(file))
	p.Postgres().Reset()
	assert.True(t, pool.IsRetryable(p.Connect(t.Context())), "a rotation may replace the file in two steps")
}

func TestTLS(t *testing.T) {
	authority := testserver.NewAuthority(t)
	pg := testserver.Postgres(t, testserver.PostgresOptions{TLS: authority.Issue(testserver.CertificateOptions{})})
	other := testserver.NewAuthority(t)
	tests := map[string]struct {
		mode, ca string
		fails    bool
	}{
		"verify-full":                    {mode: "verify-full", ca: authority.CAFile},
		"verify-full, wrong authority":   {mode: "verify-full", ca: other.CAFile, fails: true},
		"verify-full, unknown authority": {mode: "verify-full", fails: true},
		"verify-ca":                      {mode: "verify-ca", ca: authority.CAFile},
		"verify-ca, wrong authority":     {mode: "verify-ca", ca: other.CAFile, fails: true},
		"require":                        {mode: "require"},
		"prefer":                         {mode: "prefer"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cfg := configFor(pg)
			cfg.Postgres.SSLMode = tt.mode
			cfg.Postgres.TLS.CAFile = tt.ca
			p := open(t, cfg)
			err := p.Connect(t.Context())
			if tt.fails {
				assert.ErrorIs(t, err, pool.KindConfig)
				assert.ErrorContains(t, err, "after 1 attempt: ")
				return
			}
			require.NoError(t, err)
			var encrypted bool
			require.NoError(t, p.Postgres().QueryRow(t.Context(), "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").Scan(&encrypted))
			assert.True(t, encrypted)
		})
	}
}

func TestServerCertificateThatDoesNotHold(t *testing.T) {
	authority := testserver.NewAuthority(t)
	tests := map[string]struct {
		certificate testserver.CertificateOptions
		trusted     *testserver.Authority
		reason      string
	}{
		"wrong authority": {trusted: testserver.NewAuthority(t), reason: "certificate signed by unknown authority"},
		"another host":    {testserver.CertificateOptions{Hosts: []string{"db.example.com"}}, authority, "cannot validate certificate for 127.0.0.1"},
		"expired":         {testserver.CertificateOptions{NotAfter: time.Now().Add(-time.Hour)}, authority, "certificate has expired"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cfg := configFor(testserver.Postgres(t, testserver.PostgresOptions{TLS: authority.Issue(tt.certificate)}))
			cfg.Postgres.SSLMode = "verify-full"
			cfg.Postgres.TLS.CAFile = tt.trusted.CAFile
			err := open(t, cfg).Connect(t.Context())
			assert.ErrorIs(t, err, pool.KindConfig)
			assert.ErrorContains(t, err, tt.reason)
			requireSecret(t, err, string(cfg.Postgres.Password))
		})
	}
}

func TestClientCertificate(t *testing.T) {
	authority := testserver.NewAuthority(t)
	pg := testserver.Postgres(t, testserver.PostgresOptions{
		TLS: authority.Issue(testserver.CertificateOptions{}),
		HBA: []string{"local all all trust", "hostssl all all 127.0.0.1/32 cert"},
	})
	ours := authority.Issue(testserver.CertificateOptions{CommonName: pg.User})
	cfg := configFor(pg)
	cfg.Postgres.Password = ""
	cfg.Postgres.SSLMode = "verify-full"
	cfg.Postgres.TLS = pool.TLSConfig{CAFile: authority.CAFile, CertFile: ours.CertFile, KeyFile: ours.KeyFile}
	connect(t, cfg)

	cfg.Postgres.TLS.CertFile, cfg.Postgres.TLS.KeyFile = "", ""
	cfg.Postgres.Password = "is of no use"
	assert.ErrorIs(t, open(t, cfg).Connect(t.Context()), pool.KindConfig, "none")

	theirs := testserver.NewAuthority(t).Issue(testserver.CertificateOptions{CommonName: pg.User})
	cfg.Postgres.TLS.CertFile, cfg.Postgres.TLS.KeyFile = theirs.CertFile, theirs.KeyFile
	// By TLS 1.3 the refusal comes after the handshake. On a busy machine the server has by then closed the
	// connection that a client is about to write to, which learns no more than that.
	assert.EventuallyWithT(t, func(c *assert.CollectT) {
		assert.ErrorIs(c, open(t, cfg).Connect(t.Context()), pool.KindConfig, "of an authority that the server does not know")
	}, soon, time.Millisecond)
}

// TestPgBouncerInTransactionMode runs the same statements on one server connection for several clients, each
// of which would trip over prepared statements and settings that the others left.
func TestPgBouncerInTransactionMode(t *testing.T) {
	bouncer := testserver.PgBouncer(t, shared, testserver.PgBouncerOptions{Settings: map[string]string{"default_pool_size": "1"}})
	cfg := configFor(shared)
	cfg.Postgres.Port = bouncer.Port
	cfg.Pool.MaxConnections = 4
	p := connect(t, cfg)
	var clients sync.WaitGroup
	for i := range 4 {
		clients.Go(func() {
			for range 10 {
				assert.NoError(t, pgx.BeginFunc(t.Context(), p.Postgres(), func(tx pgx.Tx) error {
					var got int
					err := tx.QueryRow(t.Context(), "SELECT $1::int + cardinality($2::text[])", i, []string{"a"}).Scan(&got)
					assert.Equal(t, i+1, got)
					return err
				}))
			}
		})
	}
	clients.Wait()
}

func TestExhaustedPool(t *testing.T) {
	cfg := configFor(shared)
	cfg.Pool.MaxConnections = 1
	p := connect(t, cfg)
	held, err := p.Acquire(t.Context())
	require.NoError(t, err)
	stats := p.Stats()
	assert.InDelta(t, 100, stats.UtilizationPercent(), 0)
	assert.True(t, stats.IsNearCapacity())

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = p.Acquire(ctx)
	assert.ErrorIs(t, err, pool.KindPool)
	assert.ErrorContains(t, err, "pool::max_connections")
	assert.True(t, pool.IsRetryable(err))

	closing, cancelClosing := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancelClosing()
	assert.ErrorContains(t, p.Close(closing), "still in use")
	held.Release()
}

func TestStats(t *testing.T) {
	tests := []struct {
		active, max int32
		percent     float64
		near        bool
	}{
		{0, 0, 0, false},
		{0, 50, 0, false},
		{40, 50, 80, false},
		{41, 50, 82, true},
		{50, 50, 100, true},
	}
	for _, tt := range tests {
		stats := pool.Stats{Active: tt.active, Max: tt.max}
		assert.InDelta(t, tt.percent, stats.UtilizationPercent(), 1e-9)
		assert.Equal(t, tt.near, stats.IsNearCapacity())
	}
}

func TestServerSaysWhatIsWrong(t *testing.T) {
	p := connect(t, configFor(shared))
	tests := map[string]pool.Kind{
		"SELECT 1/0":                                                 pool.KindQuery,
		"SELEC 1":                                                    pool.KindQuery,
		"SELECT * FROM no_such_table":                                pool.KindNotFound,
		"CREATE TABLE no_schema.t (i int)":                           pool.KindNotFound,
		"DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$":                 pool.KindConflict,
		"DO $$ BEGIN RAISE SQLSTATE '25006'; END $$":                 pool.KindConnection,
		"BEGIN; SET LOCAL statement_timeout = 1; SELECT pg_sleep(1)": pool.KindTimeout,
		"BEGIN; SET LOCAL transaction_read_only = on; CREATE TABLE never (id integer)": pool.KindConnection,
	}
	for statement, kind := range tests {
		conn, err := p.Acquire(t.Context())
		require.NoError(t, err)
		_, err = conn.Exec(t.Context(), statement)
		assert.Equal(t, kind, pool.KindOf(err), "%s: %v", statement, err)
		_, err = conn.Exec(t.Context(), "ROLLBACK")
		require.NoError(t, err)
		conn.Release()
	}
	conn, err := p.Acquire(t.Context())
	require.NoError(t, err)
	defer conn.Release()
	_, err = conn.Exec(t.Context(), "SELECT pg_terminate_backend(pg_backend_pid())")
	assert.Equal(t, pool.KindConnection, pool.KindOf(err), "%v", err)
	_, err = conn.Exec(t.Context(), "SELECT 1")
	assert.Equal(t, pool.KindConnection, pool.KindOf(err), "%v", err)
}
