package faults

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// TestMetadataStoresNoWords sends words wherever spans can carry them, and looks for
// them in every column.
func TestMetadataStoresNoWords(t *testing.T) {
	t.Parallel()
	db := storedAs(t, "metadata", spoken())
	require.NotContains(t, everything(t, db), canary)
}

// TestMetadataStoresNoWordsOfAnyDialect stores the cases of all dialects with their
// words, and looks for those where words are not to be kept. What describes a tool is
// a fact: some dialects repeat it in attributes.
func TestMetadataStoresNoWordsOfAnyDialect(t *testing.T) {
	t.Parallel()
	cases := dialectCases(t)
	full, metadata := storedAs(t, "full", cases...), storedAs(t, "metadata", cases...)
	rows, err := full.Query(t.Context(), `SELECT DISTINCT s #>> '{}' FROM llm_contents, jsonb_path_query(body, 'strict $.**') s
		WHERE jsonb_typeof(s) = 'string' AND s #>> '{}' ~ '\S\s+\S+\s+\S'
			AND id NOT IN (SELECT tool_definitions_id FROM llm_spans WHERE tool_definitions_id IS NOT NULL)`)
	require.NoError(t, err)
	said, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.NotEmpty(t, said)
	kept := everything(t, metadata)
	for _, words := range said {
		quoted := strings.Trim(asJSON(words), `"`)
		if strings.Contains(kept, quoted) {
			t.Errorf("stored: %s", quoted)
		}
	}
}

// storedAs stores batches with a value of content::capture.
func storedAs(t *testing.T, capture string, batches ...ptrace.Traces) *pgxpool.Pool {
	t.Helper()
	database := testserver.NewDatabase(t)
	s := start(t, database, func(cfg *config) { cfg.Content.Capture = capture })
	db := connect(t, database)
	for _, td := range batches {
		require.NoError(t, deliver(t.Context(), s.send, td))
	}
	sent := distinctSpans(batches)
	requireAll(t, db, sent)
	if capture == "metadata" {
		require.Zero(t, number(t.Context(), db, "SELECT count(*) FROM llm_contents"))
	}
	return db
}

func distinctSpans(batches []ptrace.Traces) int {
	ids := map[string]bool{}
	for _, td := range batches {
		for _, rs := range td.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				for _, span := range ss.Spans().All() {
					ids[span.TraceID().String()+span.SpanID().String()] = true
				}
			}
		}
	}
	return len(ids)
}

// everything returns all rows as JSON.
func everything(t *testing.T, db *pgxpool.Pool) string {
	t.Helper()
	rows, err := db.Query(t.Context(), `SELECT to_jsonb(s)::text FROM llm_spans s UNION ALL SELECT to_jsonb(t)::text FROM llm_traces t
		UNION ALL SELECT to_jsonb(r)::text FROM llm_resources r UNION ALL SELECT to_jsonb(c)::text FROM llm_contents c
		UNION ALL SELECT to_jsonb(a)::text FROM llm_awaited_spans a
		UNION ALL SELECT to_jsonb(a)::text FROM llm_internal_awaited_spans a UNION ALL SELECT to_jsonb(n)::text FROM llm_internal_nested_tools n
		UNION ALL SELECT to_jsonb(k)::text FROM llm_internal_call_keys k`)
	require.NoError(t, err)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return strings.Join(lines, "\n")
}

// canary is a word that only people and models say.
const canary = "kanarienvogel"

// spoken makes a trace with words in messages, tools, documents, events and a long
// attribute.
func spoken() ptrace.Traces {
	r := rand.New(rand.NewPCG(7, 7))
	td := conversation(r, 1, time.Now())
	said := asJSON([]message{text("user", canary)})
	for _, span := range td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
		for _, key := range []string{
			"gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions", "gen_ai.tool.definitions", "input.value", "output.value",
			"llm.input_messages.0.message.content", "llm.output_messages.0.message.content", "retrieval.documents.0.document.content",
			"gen_ai.prompt.0.content", "gen_ai.completion.0.content", "traceloop.entity.input", "traceloop.entity.output",
		} {
			span.Attributes().PutStr(key, said)
		}
		span.Attributes().PutStr("gen_ai.tool.call.arguments", `{"q":"`+canary+`"}`)
		span.Attributes().PutStr("gen_ai.tool.call.result", canary)
		span.Attributes().PutStr("of.an.unknown.library", strings.Repeat(canary+" ", 300))
		event := span.Events().AppendEmpty()
		event.SetName("gen_ai.user.message")
		event.Attributes().PutStr("content", canary)
	}
	return td
}

// TestLogsTellNoSecretsAndNoWords breaks a batch in ways whose messages quote the
// row, and the connection, and reads every log line down to debug.
func TestLogsTellNoSecretsAndNoWords(t *testing.T) {
	t.Parallel()
	pg := testserver.Postgres(t, testserver.PostgresOptions{})
	database := pg.NewDatabase(t)
	s := start(t, database, nil)
	db := connect(t, database)
	run(t, db, "ALTER TABLE llm_contents ADD CONSTRAINT refuse CHECK (body::text NOT LIKE '%"+canary+"%') NOT VALID")
	run(t, db, "ALTER TABLE llm_spans ADD CONSTRAINT refuse CHECK (name <> '"+canary+"') NOT VALID")
	td := spoken()
	td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).SetName(canary)
	require.NoError(t, deliver(t.Context(), s.send, td))
	require.Eventually(t, func() bool { return s.logs.FilterMessageSnippet("Set spans or log records aside").Len() > 0 }, patience, glance)
	require.NoError(t, pg.Stop())
	require.NoError(t, deliver(t.Context(), s.send, conversation(rand.New(rand.NewPCG(8, 8)), 1, time.Now())))
	require.Eventually(t, func() bool { return s.logs.FilterMessageSnippet("batches wait").Len() > 0 }, patience, glance)
	require.NoError(t, pg.Start(t.Context()))
	require.Eventually(t, func() bool { return s.logs.FilterMessage("PostgreSQL works again").Len() > 0 }, patience, glance)
	for _, entry := range s.logs.All() {
		line, err := json.Marshal(entry.ContextMap())
		require.NoError(t, err)
		for _, secret := range []string{canary, pg.Password} {
			require.NotContains(t, entry.Message+string(line), secret)
		}
	}
}
