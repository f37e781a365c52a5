package acceptance

import (
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// TestDocumentedGrantsAreEnough lets an owner migrate, and a role with just the
// grants of docs/operations.md write, make partitions and retain; a role without
// rights on words reads the facts.
func TestDocumentedGrantsAreEnough(t *testing.T) {
	pg := testserver.Postgres(t, testserver.PostgresOptions{})
	owner := pg.NewDatabase(t)
	db := storetest.Pool(t, owner)
	inSchema := func(cfg *llmobservatoryexporter.Config) { cfg.Postgres.Schema = "observability" }
	startExporterAt(t, owner, inSchema)
	text, err := os.ReadFile("../../docs/operations.md")
	require.NoError(t, err)
	grants := regexp.MustCompile("(?s)```sql\n(SELECT observability.llm_grant_writer.*?)```").FindSubmatch(text)
	require.NotNil(t, grants)
	for _, role := range []string{"writer", "analyst", "support", "viewer"} {
		_, err := db.Exec(t.Context(), fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%[1]s'", role))
		require.NoError(t, err)
	}
	// As the documentation of before said, which left days of words open.
	_, err = db.Exec(t.Context(), "GRANT SELECT ON ALL TABLES IN SCHEMA observability TO analyst; REVOKE SELECT ON observability.llm_contents FROM analyst")
	require.NoError(t, err)
	// What an administrator may have done to have new tables read.
	_, err = db.Exec(t.Context(), "ALTER DEFAULT PRIVILEGES IN SCHEMA observability GRANT SELECT ON TABLES TO PUBLIC, analyst")
	require.NoError(t, err)
	_, err = db.Exec(t.Context(), string(grants[1]))
	require.NoError(t, err)

	e := startExporterAt(t, as(t, owner, "writer", "writer"), func(cfg *llmobservatoryexporter.Config) {
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
	check := storetest.Pool(t, owner+searchPath(owner, "observability"))
	rowcheck.Spans(t, check, spans+1)
	writer := storetest.Pool(t, as(t, owner, "writer", "writer")+searchPath(owner, "observability"))
	_, err = writer.Exec(t.Context(), `SELECT n.provider FROM llm_spans s
		CROSS JOIN LATERAL llm_internal_told_model(s.trace_id, s.span_id, 'llm', coalesce(s.parent_span_id, ''), false, '-infinity', 'infinity') n`)
	require.NoError(t, err, "calls that name no model are priced")

	analyst := storetest.Pool(t, as(t, owner, "analyst", "analyst")+searchPath(owner, "observability"))
	var calls int
	require.NoError(t, analyst.QueryRow(t.Context(), "SELECT count(*) FROM (SELECT provider, request_model, total_tokens, user_id FROM llm_calls) c").Scan(&calls))
	require.NotZero(t, calls)
	require.NoError(t, analyst.QueryRow(t.Context(), `SELECT count(*) FROM llm_traces t CROSS JOIN LATERAL (SELECT name, total_tokens FROM llm_trace(t.trace_id)) s`).Scan(&calls))
	require.Equal(t, spans+1, calls)
	_, err = analyst.Exec(t.Context(), "SELECT total_tokens FROM llm_user_calls('someone')")
	require.NoError(t, err)
	_, err = analyst.Exec(t.Context(), "SELECT input_messages FROM llm_calls")
	require.ErrorContains(t, err, "permission denied for table llm_contents")

	for role, reads := range map[string]struct{ facts, words bool }{
		"writer": {true, true}, "analyst": {true, false}, "support": {true, true}, "viewer": {true, true},
	} {
		requireReads(t, storetest.Pool(t, as(t, owner, role, role)), role, reads.facts, reads.words)
	}
}

// requireReads selects from every table and view of schema observability. Nobody but the
// owner reads a day of words by its own name.
func requireReads(t *testing.T, db *pgxpool.Pool, role string, facts, words bool) {
	rows, err := db.Query(t.Context(), `SELECT c.relname, c.relispartition FROM pg_class c
		WHERE c.relnamespace = 'observability'::regnamespace AND c.relkind IN ('r', 'p', 'v') ORDER BY 1`)
	require.NoError(t, err)
	var name string
	var isPartition bool
	readable := map[string]bool{}
	_, err = pgx.ForEachRow(rows, []any{&name, &isPartition}, func() error {
		if !isPartition || strings.HasPrefix(name, "llm_contents") { // the analyst was granted the days of facts there were
			readable[name] = !isPartition
		}
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, len(readable), 25)
	denied := 0
	for name, want := range readable {
		_, err := db.Exec(t.Context(), "SELECT count(*) FROM observability."+name)
		switch {
		case !want || name == "llm_contents" && !words:
			require.ErrorContains(t, err, "permission denied", "%s reads %s", role, name)
			denied++
		case role == "writer":
			// A writer reads what it needs.
		case !words && err != nil:
			require.ErrorContains(t, err, "permission denied for table llm_contents", "a view of words: %s reads %s", role, name)
		default:
			require.NoError(t, err, "%s reads %s", role, name)
		}
	}
	require.Greater(t, denied, 3)
	for _, sql := range []string{"DELETE FROM observability.llm_spans", "SELECT observability.llm_erase_user('x')",
		"SELECT observability.llm_grant_writer('analyst')", "CREATE TABLE observability.mine (id int)"} {
		_, err := db.Exec(t.Context(), sql)
		require.ErrorContains(t, err, "permission denied", "%s: %s", role, sql)
	}
}

// TestReaderWithoutWordsIsRefusedWhereItReadsThem grants words by other means.
func TestReaderWithoutWordsIsRefusedWhereItReadsThem(t *testing.T) {
	pg := testserver.Postgres(t, testserver.PostgresOptions{})
	owner := pg.NewDatabase(t)
	startExporterAt(t, owner, nil)
	db := storetest.Pool(t, owner)
	for _, sql := range []string{
		"CREATE ROLE team; CREATE ROLE member IN ROLE team", "SELECT llm_grant_reader('member', true)", "SELECT llm_grant_reader('member', false)",
		"GRANT SELECT ON llm_contents TO team",
	} {
		_, err := db.Exec(t.Context(), sql)
		require.NoError(t, err, sql)
	}
	for _, sql := range []string{"SELECT llm_grant_reader('member', false)", "SELECT llm_grant_reader(session_user, false)"} {
		_, err := db.Exec(t.Context(), sql)
		require.ErrorContains(t, err, "reads llm_contents by other means", sql)
	}
	_, err := db.Exec(t.Context(), "SELECT llm_grant_reader('nobody', true)")
	require.ErrorContains(t, err, `role "nobody" does not exist`)
	_, err = db.Exec(t.Context(), "SELECT llm_grant_reader('member', NULL)")
	require.ErrorContains(t, err, "words is null")
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
