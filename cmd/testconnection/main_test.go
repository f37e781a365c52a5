package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/schema"
	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// testConnection runs the command in an environment of exactly the given variables and returns what it
// printed and its exit code.
func testConnection(t *testing.T, variables []string, args ...string) (string, int) {
	t.Helper()
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		if strings.HasPrefix(name, "DB_") || strings.HasPrefix(name, "REDIS_") || name == "DATABASE_URL" {
			t.Setenv(name, "")
		}
	}
	for _, v := range variables {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
	t.Setenv("DB_RETRY_INITIAL_DELAY_MS", "1")
	t.Chdir(t.TempDir())
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), args, &stdout, &stderr)
	return stdout.String() + stderr.String(), code
}

// steps returns the marks and names of the printed lines.
func steps(printed string) []string {
	var found []string
	for line := range strings.Lines(printed) {
		if fields := strings.Fields(line); len(fields) > 1 && strings.ContainsAny(fields[0], "✓✗⊘") {
			found = append(found, fields[0]+" "+fields[1])
		}
	}
	return found
}

// newSchema returns the URL of a database with up-to-date tables.
func newSchema(t *testing.T) string {
	t.Helper()
	database := testserver.NewDatabase(t)
	execute(t, database, func(conn *pgx.Conn) error { return schema.Migrate(t.Context(), conn, "public") })
	return database
}

func execute(t *testing.T, database string, do func(*pgx.Conn) error) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database)
	require.NoError(t, err)
	require.NoError(t, do(conn))
	require.NoError(t, conn.Close(t.Context()))
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func TestEverythingWorks(t *testing.T) {
	redis := testserver.Redis(t, testserver.RedisOptions{})
	printed, code := testConnection(t, []string{"DATABASE_URL=" + newSchema(t), "REDIS_URL=" + redis.URL()})
	assert.Equal(t, []string{"✓ Configuration", "✓ Connection", "✓ PostgreSQL", "✓ Redis", "✓ Schema", "✓ Pool"}, steps(printed))
	assert.Contains(t, printed, "default partitions are empty")
	assert.Contains(t, printed, "TLS off")
	assert.Contains(t, printed, " ms")
	assert.Equal(t, 0, code, printed)
}

func TestEmptyDatabaseIsNoFailure(t *testing.T) {
	printed, code := testConnection(t, []string{"DATABASE_URL=" + testserver.NewDatabase(t)})
	assert.Equal(t, []string{"✓ Configuration", "✓ Connection", "✓ PostgreSQL", "⊘ Redis", "⊘ Schema", "✓ Pool"}, steps(printed))
	assert.Contains(t, printed, "the exporter brings it up to date when it starts")
	assert.Equal(t, 0, code, printed)
}

func TestRowsInDefaultPartitionsAreReported(t *testing.T) {
	database := newSchema(t)
	execute(t, database, func(conn *pgx.Conn) error {
		_, err := conn.Exec(t.Context(), "INSERT INTO llm_contents (day, id, body) VALUES ('9999-01-01', gen_random_uuid(), '1')")
		return err
	})
	printed, code := testConnection(t, []string{"DATABASE_URL=" + database})
	assert.Contains(t, printed, "in default partitions: 1 rows of llm_contents")
	assert.Equal(t, 0, code, printed)
}

func TestWrongConfiguration(t *testing.T) {
	printed, code := testConnection(t, []string{"DB_PORT=none"})
	assert.Equal(t, []string{"✗ Configuration", "⊘ Connection", "⊘ PostgreSQL", "⊘ Redis", "⊘ Schema", "⊘ Pool"}, steps(printed))
	assert.Contains(t, printed, "DB_PASSWORD environment variable is required")
	assert.Contains(t, printed, `(environment variable DB_PORT): "none" is not valid`)
	assert.Contains(t, printed, "→ correct the keys above")
	assert.Equal(t, 1, code)
}

func TestHints(t *testing.T) {
	good, err := url.Parse(testserver.NewDatabase(t))
	require.NoError(t, err)
	closed, err := testserver.FreePort()
	require.NoError(t, err)
	tests := map[string]struct {
		change func(*url.URL)
		hint   string
	}{
		"wrong password":   {func(u *url.URL) { u.User = url.UserPassword(u.User.Username(), "wr0ng") }, "→ check postgres::username and password"},
		"unknown database": {func(u *url.URL) { u.Path = "/missing" }, "→ CREATE DATABASE \"missing\", or name another in postgres::database (DB_NAME)"},
		"no server":        {func(u *url.URL) { u.Host = fmt.Sprintf("127.0.0.1:%d", closed) }, "→ is PostgreSQL running"},
		"no such host":     {func(u *url.URL) { u.Host = "no.such.host.invalid" }, "→ check postgres::host"},
		"TLS refused":      {func(u *url.URL) { u.RawQuery = "sslmode=require" }, "→ check postgres::ssl_mode"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			target := *good
			tt.change(&target)
			printed, code := testConnection(t, []string{"DATABASE_URL=" + target.String()})
			assert.Equal(t, []string{"✓ Configuration", "✗ Connection", "⊘ PostgreSQL", "⊘ Redis", "⊘ Schema", "⊘ Pool"}, steps(printed))
			assert.Contains(t, printed, tt.hint)
			assert.NotContains(t, printed, "wr0ng")
			assert.Equal(t, 1, code)
		})
	}
}

func TestRedisThatDoesNotAnswerFails(t *testing.T) {
	closed, err := testserver.FreePort()
	require.NoError(t, err)
	printed, code := testConnection(t, []string{"DATABASE_URL=" + newSchema(t), fmt.Sprintf("REDIS_URL=redis://:secr3t@127.0.0.1:%d/0", closed)})
	assert.Equal(t, []string{"✓ Configuration", "✓ Connection", "✓ PostgreSQL", "✗ Redis", "✓ Schema", "✓ Pool"}, steps(printed))
	assert.NotContains(t, printed, "secr3t")
	assert.Equal(t, 1, code)
}

func TestTLSStateIsShown(t *testing.T) {
	authority := testserver.NewAuthority(t)
	pg := testserver.Postgres(t, testserver.PostgresOptions{TLS: authority.Issue(testserver.CertificateOptions{})})
	printed, code := testConnection(t, []string{"DATABASE_URL=" + pg.URL("postgres") + "?sslmode=verify-full&sslrootcert=" + authority.CAFile})
	assert.Contains(t, printed, ", TLS 1.3 TLS_AES")
	assert.Equal(t, 0, code, printed)
}

func TestJSON(t *testing.T) {
	printed, code := testConnection(t, []string{"DATABASE_URL=" + newSchema(t)}, "--json")
	require.Equal(t, 0, code, printed)
	var got report
	require.NoError(t, json.Unmarshal([]byte(printed), &got))
	assert.True(t, got.OK)
	require.Len(t, got.Steps, 6)
	postgres := got.Steps[2]
	assert.Equal(t, "PostgreSQL", postgres.Name)
	assert.Equal(t, "ok", postgres.Status)
	assert.NotEmpty(t, postgres.Version)
	assert.Equal(t, "off", postgres.TLS)
	assert.Positive(t, *postgres.LatencyMS)
	assert.Equal(t, "skipped", got.Steps[3].Status)
	assert.Equal(t, fmt.Sprint(schema.Latest()), got.Steps[4].Version)
}

func TestStorageFile(t *testing.T) {
	file := write(t, "storage.yaml", "postgres: {url: '"+newSchema(t)+"'}\n")
	printed, code := testConnection(t, nil, "--config", file)
	assert.Contains(t, printed, "from "+file)
	assert.Equal(t, 0, code, printed)
}

func TestCollectorFile(t *testing.T) {
	file := write(t, "collector.yaml", `
exporters:
  llm_observatory/main:
    postgres: {url: "${env:TEST_URL}", schema: observability}
    create_schema: false
`)
	variables := []string{"TEST_URL=" + testserver.NewDatabase(t)}
	printed, code := testConnection(t, variables, "--config", file)
	assert.Contains(t, printed, "has no exporters::llm_observatory; name the exporter with --exporter")
	assert.Equal(t, 1, code)

	printed, code = testConnection(t, variables, "--config", file, "--exporter", "llm_observatory/main")
	assert.Contains(t, printed, `"observability" is at version 0`)
	assert.Contains(t, printed, "→ apply the missing migrations as the owner, or set create_schema: true")
	assert.Equal(t, 1, code)
}

func TestNewerSchema(t *testing.T) {
	database := newSchema(t)
	later := func(number, compatibleFrom int32) (printed string, code int) {
		execute(t, database, func(conn *pgx.Conn) error {
			_, err := conn.Exec(t.Context(), "INSERT INTO llm_internal_migrations (number, file, compatible_from) VALUES ($1, 'later', $2)", number, compatibleFrom)
			return err
		})
		return testConnection(t, []string{"DATABASE_URL=" + database})
	}
	printed, code := later(9998, schema.Latest())
	assert.Contains(t, printed, fmt.Sprintf(`"public" is at version 9998 of %d, made by a newer release`, schema.Latest()))
	assert.Equal(t, 0, code)

	printed, code = later(9999, 9999)
	assert.Contains(t, printed, "which builds before version 9999 cannot work with")
	assert.Contains(t, printed, "→ install the newer release")
	assert.Equal(t, 1, code)
}

func TestWrongArguments(t *testing.T) {
	_, code := testConnection(t, nil, "--no-such-flag")
	assert.Equal(t, 2, code)
	_, code = testConnection(t, nil, "file.yaml")
	assert.Equal(t, 2, code)
	printed, code := testConnection(t, nil, "--help")
	assert.Contains(t, printed, "-config")
	assert.Equal(t, 0, code)
}
