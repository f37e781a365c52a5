package schema

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

var names = []string{"public", `we"ird; drop`, `a'b\%s.c`, `$$`, `x$sql$y$q$ %L %1$I %`, `q$`}

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
		`schema "public" is at version 0 and lacks 001_tables.sql, 005_lookups.sql, 006_usage.sql`)
	require.NoError(t, Migrate(t.Context(), conn, "public"))
	_, err := conn.Exec(t.Context(), "UPDATE llm_internal_definitions SET hash = 'of another build'")
	require.NoError(t, err)
	require.ErrorContains(t, Check(t.Context(), conn, "public"), "lacks the views and functions of this build")
	_, err = conn.Exec(t.Context(), "DELETE FROM llm_internal_migrations WHERE number = $1", Latest())
	require.NoError(t, err)
	require.ErrorContains(t, Check(t.Context(), conn, "public"), "create_schema: true")
}

// TestNewerSchema lets later builds add migrations: one that this build can live with,
// whose views and functions stay, and one that it is too old for.
func TestNewerSchema(t *testing.T) {
	conn := connect(t, testserver.NewDatabase(t))
	require.NoError(t, Migrate(t.Context(), conn, "public"))
	_, err := conn.Exec(t.Context(), `INSERT INTO llm_internal_migrations (number, file, compatible_from) VALUES (9998, 'later', $1)`, Latest())
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), "UPDATE llm_internal_definitions SET hash = 'later'")
	require.NoError(t, err)
	require.NoError(t, Check(t.Context(), conn, "public"))
	require.NoError(t, Migrate(t.Context(), conn, "public"))
	var hash string
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT hash FROM llm_internal_definitions").Scan(&hash))
	require.Equal(t, "later", hash)
	version, err := Version(t.Context(), conn, "public")
	require.NoError(t, err)
	require.EqualValues(t, 9998, version)
	_, err = conn.Exec(t.Context(), "INSERT INTO llm_internal_migrations (number, file, compatible_from) VALUES (9999, 'much later', 9999)")
	require.NoError(t, err)
	require.ErrorContains(t, Check(t.Context(), conn, "public"), "which builds before version 9999 cannot work with")
	require.ErrorContains(t, Migrate(t.Context(), conn, "public"), "update the collector")
}

// TestEveryDefinitionFileIsApplied compares the list of files with the folders.
func TestEveryDefinitionFileIsApplied(t *testing.T) {
	var files []string
	for _, pattern := range []string{"views/*.sql", "functions/*.sql"} {
		found, err := fs.Glob(embedded, pattern)
		require.NoError(t, err)
		files = append(files, found...)
	}
	require.ElementsMatch(t, files, definitionFiles)
}

// TestLiteralsHaveNoBackslash looks for backslashes that sessions with standard_conforming_strings = off take for escapes.
func TestLiteralsHaveNoBackslash(t *testing.T) {
	comment, escaped := regexp.MustCompile(`--[^\n]*`), regexp.MustCompile(`\bE'(''|[^'])*'`)
	for _, file := range definitionFiles {
		text := escaped.ReplaceAllString(comment.ReplaceAllString(render(definitionText(file), "llm"), ""), "")
		require.NotContains(t, text, `\`, file)
	}
}

// TestMigrationsHoldTablesOnly keeps each view and function in one place. Functions of
// triggers are made with their tables.
func TestMigrationsHoldTablesOnly(t *testing.T) {
	ofTriggers := regexp.MustCompile(`CREATE (OR REPLACE )?FUNCTION {{.schema}}\.\w+\(\) RETURNS trigger`)
	for _, m := range migrations {
		text := ofTriggers.ReplaceAllString(m.text, "")
		require.NotRegexp(t, `(?m)^CREATE( OR REPLACE)? (FUNCTION|VIEW|AGGREGATE|PROCEDURE)`, text, m.file)
	}
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

// createBefore makes tables, views and functions as the build before version 11 made
// them, up to a number of its migrations.
func createBefore(t *testing.T, conn *pgx.Conn, name string, version int) {
	t.Helper()
	exec := func(sql string) {
		_, err := conn.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol)
		require.NoError(t, err)
	}
	exec("CREATE SCHEMA IF NOT EXISTS " + pgx.Identifier{name}.Sanitize())
	files, err := filepath.Glob("testdata/version10/*.sql")
	require.NoError(t, err)
	require.Len(t, files, lastOfBefore)
	for _, file := range files[:version] {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		exec(render(string(text), name))
	}
	exec("CREATE TABLE " + Table(name, versionTable) + " (version int4 NOT NULL)")
	exec(fmt.Sprintf("INSERT INTO %s VALUES (%d)", Table(name, versionTable), version))
}

// TestTablesOfBeforeAreBroughtUp starts from every version of before and ends with the
// same objects, apart from the order of columns.
func TestTablesOfBeforeAreBroughtUp(t *testing.T) {
	objects := func(conn *pgx.Conn) (list []string) {
		rows, err := conn.Query(t.Context(), `
			SELECT format('%s.%s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod))
			FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
			WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
			UNION ALL
			SELECT format('%s %s %s', p.oid::regprocedure, md5(pg_get_function_result(p.oid)), md5(p.prosrc))
			FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
			UNION ALL
			SELECT format('%s %s', c.relname, md5(pg_get_viewdef(c.oid)))
			FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'v'
			ORDER BY 1`)
		require.NoError(t, err)
		list, err = pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		return list
	}
	fresh := connect(t, testserver.NewDatabase(t))
	require.NoError(t, Migrate(t.Context(), fresh, "public"))
	for version := 1; version <= lastOfBefore; version++ {
		conn := connect(t, testserver.NewDatabase(t))
		createBefore(t, conn, "public", version)
		require.NoError(t, Migrate(t.Context(), conn, "public"), version)
		require.Equal(t, objects(fresh), objects(conn), version)
	}
}

// TestTracesOfBeforeHaveATimeOfCreation starts from the tables as version 8 made them
// before new databases had created_at from the start.
func TestTracesOfBeforeHaveATimeOfCreation(t *testing.T) {
	conn := connect(t, testserver.NewDatabase(t))
	createBefore(t, conn, "public", 8)
	_, err := conn.Exec(t.Context(), `ALTER TABLE llm_traces DROP COLUMN created_at;
		INSERT INTO llm_traces (id, trace_id) VALUES (gen_random_uuid(), repeat('a', 32))`)
	require.NoError(t, err)
	require.NoError(t, Migrate(t.Context(), conn, "public"))
	var created bool
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT created_at > now() - interval '1 minute' FROM llm_traces").Scan(&created))
	require.True(t, created)
}
