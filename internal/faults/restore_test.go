package faults

import (
	"fmt"
	"net/url"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// TestDatabaseSwappedUnderLoad puts a copy in the place of the database while clients send.
func TestDatabaseSwappedUnderLoad(t *testing.T) {
	t.Parallel()
	pg := testserver.Postgres(t, testserver.PostgresOptions{})
	database := pg.NewDatabase(t)
	name := databaseName(t, database)
	admin := connect(t, pg.URL(""))
	s := start(t, database, nil)
	spans := load(t, func() {
		db := connect(t, database)
		progress(t, db)
		db.Close()
		run(t, admin, fmt.Sprintf("ALTER DATABASE %s ALLOW_CONNECTIONS false", name))
		run(t, admin, fmt.Sprintf("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '%s'", name))
		run(t, admin, fmt.Sprintf("CREATE DATABASE %s_copy TEMPLATE %[1]s", name))
		run(t, admin, fmt.Sprintf("ALTER DATABASE %s RENAME TO %[1]s_original", name))
		run(t, admin, fmt.Sprintf("ALTER DATABASE %s_copy RENAME TO %[1]s", name))
		s.requireStatus(t, componentstatus.StatusRecoverableError)
		run(t, admin, fmt.Sprintf("ALTER DATABASE %s ALLOW_CONNECTIONS true", name))
		s.requireStatus(t, componentstatus.StatusOK)
		progress(t, connect(t, database))
	}, s.send)
	requireAll(t, connect(t, database), spans)
}

// TestRestoredUnderLoad moves the database to a new server by a dump while clients send to
// one address.
func TestRestoredUnderLoad(t *testing.T) {
	t.Parallel()
	pg := testserver.Postgres(t, testserver.PostgresOptions{})
	other := testserver.Postgres(t, testserver.PostgresOptions{})
	proxy := pg.Proxy(t)
	s := start(t, pg.URLVia(proxy.Port, "postgres"), nil)
	spans := load(t, func() {
		progress(t, connect(t, pg.URL("postgres")))
		proxy.Cut()
		s.requireStatus(t, componentstatus.StatusRecoverableError)
		dump := filepath.Join(pg.Dir, "dump")
		require.NoError(t, pg.Run("pg_dump", "--format=custom", "--file", dump, pg.URL("postgres")))
		require.NoError(t, pg.Run("pg_restore", "--exit-on-error", "--dbname", other.URL("postgres"), dump))
		proxy.Redirect(other.Address())
		proxy.Resume()
		s.requireStatus(t, componentstatus.StatusOK)
		progress(t, connect(t, other.URL("postgres")))
	}, s.send)
	requireAll(t, connect(t, other.URL("postgres")), spans)
}

// TestRestoredOverTheSchema restores a dump in the place of the schema while clients send, as docs/operations.md says.
func TestRestoredOverTheSchema(t *testing.T) {
	t.Parallel()
	pg := testserver.Postgres(t, testserver.PostgresOptions{})
	database := pg.NewDatabase(t)
	admin := connect(t, database)
	run(t, admin, "CREATE ROLE writer LOGIN PASSWORD 'w'")
	run(t, admin, fmt.Sprintf("GRANT CREATE ON DATABASE %s TO writer", databaseName(t, database)))
	target, err := url.Parse(database)
	require.NoError(t, err)
	target.User = url.UserPassword("writer", "w")
	db := connectTo(t, database, "observability")
	s := start(t, target.String(), func(c *config) { c.Postgres.Schema = "observability" })
	spans := load(t, func() {
		progress(t, db)
		run(t, admin, "ALTER ROLE writer NOLOGIN")
		run(t, admin, "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = 'writer'")
		s.requireStatus(t, componentstatus.StatusRecoverableError)
		dump := filepath.Join(pg.Dir, "dump")
		require.NoError(t, pg.Run("pg_dump", "--format=custom", "--schema=observability", "--file", dump, database))
		run(t, admin, "DROP SCHEMA observability CASCADE")
		require.NoError(t, pg.Run("pg_restore", "--exit-on-error", "--dbname", database, dump))
		run(t, admin, "ALTER ROLE writer LOGIN")
		s.requireStatus(t, componentstatus.StatusOK)
		progress(t, db)
	}, s.send)
	requireAll(t, db, spans)
}
