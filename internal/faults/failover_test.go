package faults

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// TestFailover kills the primary of a synchronous pair under load and promotes the
// standby. The exporter knows both by one URL.
func TestFailover(t *testing.T) {
	t.Parallel()
	primary := testserver.Postgres(t, testserver.PostgresOptions{})
	database := primary.NewDatabase(t)
	standby := testserver.Postgres(t, testserver.PostgresOptions{ReplicaOf: primary})
	admin := connect(t, primary.URL(""))
	run(t, admin, "ALTER SYSTEM SET synchronous_standby_names = '*'")
	run(t, admin, "SELECT pg_reload_conf()")
	require.Eventually(t, func() bool {
		return number(t.Context(), admin, "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == 1
	}, patience, glance)

	either := both(t, database, standby)
	s := start(t, either, nil)
	db := connect(t, either)
	spans := load(t, func() {
		progress(t, db)
		require.NoError(t, primary.Kill())
		s.requireStatus(t, componentstatus.StatusRecoverableError)
		run(t, connect(t, standby.URL("")), "SELECT pg_promote()")
		s.requireStatus(t, componentstatus.StatusOK)
		progress(t, db)
	}, s.send)
	requireAll(t, db, spans)
}

// both adds a second server to a database's URL; sessions go to the one that takes
// writes.
func both(t *testing.T, database string, second *testserver.PG) string {
	t.Helper()
	target, err := url.Parse(database)
	require.NoError(t, err)
	target.Host += "," + net.JoinHostPort(second.Host, strconv.Itoa(second.Port))
	target.RawQuery = "target_session_attrs=read-write"
	return target.String()
}

func TestReadOnlyServerIsRetried(t *testing.T) {
	faulty(t, testserver.PostgresOptions{}, func(_ *testserver.PG, db *pgxpool.Pool, s *subject) {
		setDefault(t, db, "default_transaction_read_only = on")
		s.requireStatus(t, componentstatus.StatusRecoverableError)
		s.requireFailure(t, "SQLSTATE 25006")
		run(t, db, "SET default_transaction_read_only = off")
		setDefault(t, db, "default_transaction_read_only = off")
		s.requireStatus(t, componentstatus.StatusOK)
	})
}

// TestPgBouncerInTransactionMode has three exporters come up at once on an empty
// database behind a pooler with fewer connections than they use, and the server
// restart under load.
func TestPgBouncerInTransactionMode(t *testing.T) {
	t.Parallel()
	pg := testserver.Postgres(t, testserver.PostgresOptions{})
	database := pg.NewDatabase(t)
	target, err := url.Parse(database)
	require.NoError(t, err)
	pooled := testserver.PgBouncer(t, pg, testserver.PgBouncerOptions{Settings: map[string]string{
		"default_pool_size": "4", "server_lifetime": "1", "server_login_retry": "1",
	}}).URL(target.Path[1:])
	targets := startTogether(t, 3, pooled)
	db := connect(t, database)
	spans := load(t, func() {
		progress(t, db)
		require.NoError(t, pg.Restart(t.Context()))
		progress(t, db)
	}, targets...)
	requireAll(t, db, spans)
	require.Eventually(t, func() bool {
		return number(t.Context(), db, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()") == 0
	}, patience, glance, "no lock stays with a connection of the pooler")
}

// startTogether starts n exporters on one database at the same time.
func startTogether(t *testing.T, n int, database string) (targets []send) {
	t.Helper()
	begun := make(chan error)
	for range n {
		s, err := newSubject(t, database, nil)
		require.NoError(t, err)
		targets = append(targets, s.send)
		go func() { begun <- s.Start(t.Context(), s.status) }()
		t.Cleanup(func() { require.NoError(t, s.Shutdown(context.Background())) })
	}
	for i := range n {
		require.NoError(t, <-begun, fmt.Sprint("exporter ", i))
	}
	return targets
}

// TestManyExportersMigrateAtOnce starts them on an empty database and sends each
// batch to two of them.
func TestManyExportersMigrateAtOnce(t *testing.T) {
	t.Parallel()
	database := testserver.NewDatabase(t)
	targets := startTogether(t, 6, database)
	db := connect(t, database)
	spans := load(t, func() { progress(t, db); progress(t, db) }, targets...)
	requireAll(t, db, spans)
}
