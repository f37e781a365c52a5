package llmobservatoryexporter

import (
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// TestDocumentedGrantsAreEnough lets an owner migrate, and a role with just the
// grants of docs/operations.md write, make partitions and retain; a role without
// rights on words reads the facts.
func TestDocumentedGrantsAreEnough(t *testing.T) {
	pg := testserver.Postgres(t, testserver.PostgresOptions{})
	owner := pg.NewDatabase(t)
	db := openPool(t, owner)
	inSchema := func(cfg *Config) { cfg.Postgres.Schema = "observability" }
	startExporterAt(t, owner, inSchema)
	text, err := os.ReadFile("docs/operations.md")
	require.NoError(t, err)
	grants := regexp.MustCompile("(?s)```sql\n(GRANT.*?)```").FindSubmatch(text)
	require.NotNil(t, grants)
	for _, sql := range []string{
		"CREATE ROLE writer LOGIN PASSWORD 'w'", "CREATE ROLE analyst LOGIN PASSWORD 'a'", string(grants[1]),
		"GRANT USAGE ON SCHEMA observability TO analyst",
		"GRANT SELECT ON ALL TABLES IN SCHEMA observability TO analyst", "REVOKE SELECT ON observability.llm_contents FROM analyst",
	} {
		_, err := db.Exec(t.Context(), sql)
		require.NoError(t, err, sql)
	}

	e := startExporterAt(t, as(t, owner, "writer", "w"), func(cfg *Config) {
		inSchema(cfg)
		cfg.CreateSchema = false
		cfg.Retention.Spans, cfg.Retention.Contents = 240*time.Hour, 24*time.Hour
	})
	traces, spans := agentTraces(9, 3)
	for _, td := range traces {
		for _, batch := range spanByBatch(td) {
			consume(t, e, batch)
		}
	}
	late, _ := newSpan("late", 1, 0, time.Now().AddDate(0, 0, -5), time.Now().AddDate(0, 0, -5))
	consume(t, e, late)
	check := openPool(t, owner+searchPath(owner, "observability"))
	rowcheck.Spans(t, check, spans+1)

	analyst := openPool(t, as(t, owner, "analyst", "a")+searchPath(owner, "observability"))
	var calls int
	require.NoError(t, analyst.QueryRow(t.Context(), "SELECT count(*) FROM (SELECT provider, request_model, total_tokens, user_id FROM llm_calls) c").Scan(&calls))
	require.NotZero(t, calls)
	require.NoError(t, analyst.QueryRow(t.Context(), `SELECT count(*) FROM llm_traces t CROSS JOIN LATERAL (SELECT name, total_tokens FROM llm_trace(t.trace_id)) s`).Scan(&calls))
	require.Equal(t, spans+1, calls)
	_, err = analyst.Exec(t.Context(), "SELECT total_tokens FROM llm_user_calls('someone')")
	require.NoError(t, err)
	_, err = analyst.Exec(t.Context(), "SELECT input_messages FROM llm_calls")
	require.ErrorContains(t, err, "permission denied for table llm_contents")
}

// as returns a database URL for another role.
func as(t *testing.T, database, user, password string) string {
	target, err := url.Parse(database)
	require.NoError(t, err)
	target.User = url.UserPassword(user, password)
	return target.String()
}

// searchPath returns what to add to a database URL.
func searchPath(database, schema string) string {
	separator := "?"
	if strings.Contains(database, "?") {
		separator = "&"
	}
	return separator + "search_path=" + schema
}
