package schema

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

var names = []string{"public", `we"ird; drop`, `a'b\%s.c`}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close(context.Background())) })
	return conn
}

// TestSeveralMigrateAtOnce starts several replicas on an empty database.
func TestSeveralMigrateAtOnce(t *testing.T) {
	url := testserver.NewDatabase(t)
	for _, name := range names {
		group, ctx := errgroup.WithContext(t.Context())
		for range 4 {
			conn := connect(t, url)
			group.Go(func() error { return Migrate(ctx, conn, name) })
		}
		require.NoError(t, group.Wait(), name)
		conn := connect(t, url)
		require.NoError(t, Check(t.Context(), conn, name))
		version, err := Version(t.Context(), conn, name)
		require.NoError(t, err)
		require.Equal(t, Latest(), version)
		require.NoError(t, Migrate(t.Context(), conn, name), "again")
	}
}

func TestMigrateThroughPgBouncer(t *testing.T) {
	pg := testserver.Postgres(t, testserver.PostgresOptions{})
	bouncer := testserver.PgBouncer(t, pg, testserver.PgBouncerOptions{})
	url := pg.NewDatabase(t)
	var database string
	require.NoError(t, connect(t, url).QueryRow(t.Context(), "SELECT current_database()").Scan(&database))
	config, err := pgx.ParseConfig(bouncer.URL(database))
	require.NoError(t, err)
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	conn, err := pgx.ConnectConfig(t.Context(), config)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(context.Background())) }()
	require.NoError(t, Migrate(t.Context(), conn, "public"))
	var locks int
	require.NoError(t, connect(t, url).QueryRow(t.Context(), "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").Scan(&locks))
	require.Zero(t, locks, "no lock stays with a server connection")
}

func TestCheckSaysWhatIsMissing(t *testing.T) {
	conn := connect(t, testserver.NewDatabase(t))
	require.ErrorContains(t, Check(t.Context(), conn, "public"),
		`schema "public" is at version 0 and lacks 001_tables.sql, 002_partitions.sql, 003_views.sql`)
	require.NoError(t, Migrate(t.Context(), conn, "public"))
	_, err := conn.Exec(t.Context(), "UPDATE llm_schema_version SET version = version - 1")
	require.NoError(t, err)
	require.ErrorContains(t, Check(t.Context(), conn, "public"), "create_schema: true")
	_, err = conn.Exec(t.Context(), "UPDATE llm_schema_version SET version = 9999")
	require.NoError(t, err)
	require.ErrorContains(t, Check(t.Context(), conn, "public"), "newer than the version")
	require.ErrorContains(t, Migrate(t.Context(), conn, "public"), "update the collector")
}

// TestFailedMigrationLeavesNothing lets a migration meet a table of its name.
func TestFailedMigrationLeavesNothing(t *testing.T) {
	url := testserver.NewDatabase(t)
	conn := connect(t, url)
	_, err := conn.Exec(t.Context(), "CREATE TABLE llm_resources (id int)")
	require.NoError(t, err)
	require.ErrorContains(t, Migrate(t.Context(), conn, "public"), `migration 001_tables.sql failed: ERROR: relation "llm_resources" already exists`)
	version, err := Version(t.Context(), conn, "public")
	require.NoError(t, err)
	require.Zero(t, version)
	_, err = conn.Exec(t.Context(), "DROP TABLE llm_resources")
	require.NoError(t, err)
	other := connect(t, url)
	require.NoError(t, Migrate(t.Context(), other, "public"), "the failure holds no lock")
}

// TestMigrationsCanBeTakenBack runs all of them down again.
func TestMigrationsCanBeTakenBack(t *testing.T) {
	conn := connect(t, testserver.NewDatabase(t))
	require.NoError(t, Migrate(t.Context(), conn, "public"))
	require.NoError(t, migrateTo(t.Context(), conn, "public", 0))
	var left int
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_class WHERE relname LIKE 'llm%' AND relname NOT LIKE 'llm_schema%'").Scan(&left))
	require.Zero(t, left)
	require.NoError(t, Migrate(t.Context(), conn, "public"))
}

// TestTablesOfBeforeAreBroughtUp starts from the tables as version 8 made them, when traces had no created_at.
func TestTablesOfBeforeAreBroughtUp(t *testing.T) {
	conn := connect(t, testserver.NewDatabase(t))
	require.NoError(t, migrateTo(t.Context(), conn, "public", 8))
	_, err := conn.Exec(t.Context(), `ALTER TABLE llm_traces DROP COLUMN created_at;
		INSERT INTO llm_traces (id, trace_id) VALUES (gen_random_uuid(), repeat('a', 32))`)
	require.NoError(t, err)
	require.NoError(t, Migrate(t.Context(), conn, "public"))
	var created bool
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT created_at > now() - interval '1 minute' FROM llm_traces").Scan(&created))
	require.True(t, created)
}
