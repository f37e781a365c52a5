package acceptance

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/llm-observatory/llmobservatoryexporter"
	"github.com/llm-observatory/llmobservatoryexporter/internal/agentruns"
	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"
	"github.com/llm-observatory/llmobservatoryexporter/internal/logs"
	"github.com/llm-observatory/llmobservatoryexporter/internal/metadata"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// collector is the exporter in the pipelines of both signals.
type collector struct {
	traces exporter.Traces
	logs   exporter.Logs
}

// startBoth starts an exporter without queues in both pipelines.
func startBoth(t testing.TB, url string, change func(*llmobservatoryexporter.Config)) collector {
	t.Helper()
	cfg := llmobservatoryexporter.NewFactory().CreateDefaultConfig().(*llmobservatoryexporter.Config)
	cfg.Postgres.URL = configopaque.String(url)
	cfg.QueueConfig = configoptional.None[exporterhelper.QueueBatchConfig]()
	cfg.Pool.MinConnections, cfg.Pool.MaxConnections = 0, 4
	if change != nil {
		change(cfg)
	}
	var c collector
	var err error
	c.traces, err = llmobservatoryexporter.NewFactory().CreateTraces(t.Context(), exportertest.NewNopSettings(metadata.Type), cfg)
	require.NoError(t, err)
	c.logs, err = llmobservatoryexporter.NewFactory().CreateLogs(t.Context(), exportertest.NewNopSettings(metadata.Type), cfg)
	require.NoError(t, err)
	for _, e := range []interface {
		Start(context.Context, component.Host) error
		Shutdown(context.Context) error
	}{c.traces, c.logs} {
		require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
		t.Cleanup(func() { require.NoError(t, e.Shutdown(context.Background())) })
	}
	return c
}

// logCases are the captured log records, by file.
func logCases(t testing.TB) map[string]plog.Logs {
	t.Helper()
	cases := map[string]plog.Logs{}
	for _, pattern := range []string{"cli/*.logs.otlp.json", "py/*.logs.json"} {
		paths, err := filepath.Glob(filepath.Join("../mapping/testdata/fixtures", pattern))
		require.NoError(t, err)
		require.NotEmpty(t, paths)
		for _, path := range paths {
			cases[strings.TrimPrefix(path, "../mapping/testdata/fixtures/")] = agentruns.LoadLogs(t, path)
		}
	}
	return cases
}

// TestRecordsAreStoredOnceAndComeBackWhole sends all captured records twice, through two
// collectors, and compares each with its row.
func TestRecordsAreStoredOnceAndComeBackWhole(t *testing.T) {
	url, db := storetest.Open(t)
	all := func(cfg *llmobservatoryexporter.Config) { cfg.Events.Keep = logs.KeepAll }
	first, second := startBoth(t, url, all), startBoth(t, url, all)
	cases := logCases(t)
	for _, ld := range cases {
		require.NoError(t, first.logs.ConsumeLogs(t.Context(), ld))
		require.NoError(t, second.logs.ConsumeLogs(t.Context(), ld))
		require.NoError(t, first.logs.ConsumeLogs(t.Context(), ld))
	}
	ids := map[string]bool{}
	for name, ld := range cases {
		for _, rec := range logs.Read(ld, logs.KeepAll, nil).Records {
			ids[string(rec.ID[:])] = true
			var body, attributes, resource *string
			var row struct {
				trace, span, eventName, severity, scope *string
				number                                  *int
				at                                      time.Time
			}
			require.NoError(t, db.QueryRow(t.Context(), `SELECT body::text, attributes::text, resource_attributes::text, trace_hex, span_id, event_name,
				severity, scope_name, severity_number, time FROM llm_event_details WHERE id = $1`, rec.ID).Scan(
				&body, &attributes, &resource, &row.trace, &row.span, &row.eventName, &row.severity, &row.scope, &row.number, &row.at), name)
			if rec.Body().Type() == pcommon.ValueTypeEmpty {
				require.Nil(t, body)
			} else {
				var rep jsonval.Repairs
				require.JSONEq(t, string(jsonval.AppendValue(nil, rec.Body(), &rep)), *body)
			}
			requireMap(t, rec.Attributes(), attributes)
			requireMap(t, rec.Resource.Attributes(), resource)
			requireText(t, rec.TraceID().String(), row.trace)
			requireText(t, rec.SpanID().String(), row.span)
			requireText(t, rec.EventName(), row.eventName)
			requireText(t, rec.SeverityText(), row.severity)
			requireText(t, rec.Scope.Name(), row.scope)
			if rec.SeverityNumber() != 0 {
				require.EqualValues(t, rec.SeverityNumber(), *row.number)
			}
			require.Equal(t, rec.Time.AsTime().UnixMicro(), row.at.UnixMicro())
		}
	}
	require.Equal(t, len(ids), countRows(t, db, "SELECT FROM llm_events"))
}

func requireText(t *testing.T, want string, got *string) {
	t.Helper()
	if want == "" {
		require.Nil(t, got)
		return
	}
	require.NotNil(t, got)
	require.Equal(t, want, *got)
}

func requireMap(t *testing.T, want pcommon.Map, got *string) {
	t.Helper()
	var rep jsonval.Repairs
	if want.Len() == 0 {
		require.Nil(t, got)
		return
	}
	require.JSONEq(t, string(jsonval.AppendMap(nil, want, &rep)), *got)
}

// TestPlainRecordsAreFiltered keeps what tells of LLM calls.
func TestPlainRecordsAreFiltered(t *testing.T) {
	url := storetest.NewDatabase(t)
	c, db := startBoth(t, url, nil), storetest.Pool(t, url)
	cases := logCases(t)
	for _, ld := range cases {
		require.NoError(t, c.logs.ConsumeLogs(t.Context(), ld))
	}
	require.Zero(t, countRows(t, db, "SELECT FROM llm_events WHERE scope_name = 'opencode'"))
	require.Zero(t, countRows(t, db, "SELECT FROM llm_events WHERE name = 'codex.sse_event' AND attributes ->> 'event.kind' <> 'response.completed'"))
	require.NotZero(t, countRows(t, db, "SELECT FROM llm_events WHERE name = 'codex.tool_decision'"))
	for _, table := range []string{"llm_events", "llm_scores"} {
		require.Zero(t, countRows(t, db, "SELECT FROM pg_attribute a WHERE attrelid = '"+table+"'::regclass AND attnum > 0 AND col_description(attrelid, attnum) IS NULL"), table)
	}
}

// TestMetadataStoresNoWordsOfRecords has a collector keep everything, and another that
// keeps no words: of all that the first takes for words, in records and in spans that get
// them, nothing stands in any row of the second.
func TestMetadataStoresNoWordsOfRecords(t *testing.T) {
	words := func(change func(*llmobservatoryexporter.Config)) *pgxpool.Pool {
		url := storetest.NewDatabase(t)
		c := startBoth(t, url, change)
		for name, ld := range logCases(t) {
			require.NoError(t, c.logs.ConsumeLogs(t.Context(), ld))
			if base, ok := strings.CutSuffix(name, ".logs.json"); ok {
				require.NoError(t, c.traces.ConsumeTraces(t.Context(), agentruns.LoadTraces(t, filepath.Join(fixtureFolder, base+".otlp.json"))))
			}
		}
		return storetest.Pool(t, url)
	}
	full := words(nil)
	none := words(func(cfg *llmobservatoryexporter.Config) { cfg.Content.Capture = "metadata" })
	said := column[string](t, full, `SELECT DISTINCT leaf #>> '{}' FROM llm_contents, jsonb_path_query(body, '$.** ? (@.type() == "string")') leaf
		WHERE leaf #>> '{}' ~ '[^ ]{2} [^ ]{2}' AND length(leaf #>> '{}') BETWEEN 12 AND 2000`)
	require.Greater(t, len(said), 30)
	require.Zero(t, countRows(t, none, "SELECT FROM llm_contents"))
	require.Zero(t, countRows(t, none, "SELECT FROM llm_internal_words WHERE coalesce(input_message_ids, output_message_ids) IS NOT NULL"))
	require.NotZero(t, countRows(t, none, "SELECT FROM llm_events WHERE 'content_omitted' = ANY (adjustments)"))
	for _, table := range []string{"llm_events", "llm_spans", "llm_scores", "llm_traces", "llm_resources", "llm_internal_words"} {
		all := strings.Join(column[string](t, none, "SELECT to_jsonb(x)::text FROM "+table+" x"), "\n")
		for _, text := range said {
			require.NotContains(t, all, strings.Trim(asJSON(text), `"`), table)
		}
	}
}

// TestScores stores the results of evaluations, from log records and from span events.
func TestScores(t *testing.T) {
	url := storetest.NewDatabase(t)
	c, db := startBoth(t, url, nil), storetest.Pool(t, url)
	base := "../mapping/testdata/fixtures/py/splunk-genai-py"
	for range 2 {
		require.NoError(t, c.logs.ConsumeLogs(t.Context(), agentruns.LoadLogs(t, base+".logs.json")))
		require.NoError(t, c.traces.ConsumeTraces(t.Context(), agentruns.LoadTraces(t, base+".otlp.json")))
	}
	rows, err := db.Query(t.Context(), `SELECT coalesce(score_name, '') || ' ' || coalesce(value::text, '-') || ' ' || coalesce(label, '-') || ' ' || coalesce(score_error_type, '-')
		|| ' ' || (span_id IS NOT NULL) FROM llm_call_scores ORDER BY 1`)
	require.NoError(t, err)
	var got []string
	for rows.Next() {
		var s string
		require.NoError(t, rows.Scan(&s))
		got = append(got, s)
	}
	require.NoError(t, rows.Err())
	require.Equal(t, []string{"relevance 0.9 pass - true", "toxicity - unknown RuntimeError true"}, got)

	td, span := newSpan("scored", 1, 0, time.Now(), time.Now().Add(time.Second))
	span.Attributes().PutStr("gen_ai.operation.name", "chat")
	e := span.Events().AppendEmpty()
	e.SetName("gen_ai.evaluation.result")
	require.NoError(t, e.Attributes().FromRaw(map[string]any{
		"gen_ai.evaluation.name": "groundedness", "gen_ai.evaluation.score.value": "0.25", "gen_ai.evaluation.explanation": "It made things up.", "judge": "gpt-5",
	}))
	for range 2 {
		require.NoError(t, c.traces.ConsumeTraces(t.Context(), td))
	}
	var explanation, attributes string
	var value float64
	require.NoError(t, db.QueryRow(t.Context(), `SELECT value, explanation, score_attributes::text FROM llm_call_scores WHERE score_name = 'groundedness' AND span_id IS NOT NULL`).
		Scan(&value, &explanation, &attributes))
	require.Equal(t, 0.25, value)
	require.Equal(t, "It made things up.", explanation)
	require.JSONEq(t, `{"judge": "gpt-5"}`, attributes)
}

// TestErasureTakesRecords erases a session told by log records only.
func TestErasureTakesRecords(t *testing.T) {
	url := storetest.NewDatabase(t)
	c, db := startBoth(t, url, nil), storetest.Pool(t, url)
	say := func(session, user, prompt string) {
		ld := plog.NewLogs()
		sl := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
		sl.Scope().SetName("com.anthropic.claude_code.events")
		for name, attrs := range map[string]map[string]any{
			"user_prompt":   {"prompt": prompt},
			"api_request":   {"model": "claude", "input_tokens": 3, "output_tokens": 4, "cost_usd": 0.5},
			"tool_decision": {"tool_name": "Bash", "decision": "accept", "tool_parameters": `{"command":"echo ` + prompt + `"}`},
		} {
			rec := sl.LogRecords().AppendEmpty()
			rec.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
			require.NoError(t, rec.Attributes().FromRaw(attrs))
			rec.Attributes().PutStr("event.name", name)
			rec.Attributes().PutStr("session.id", session)
			rec.Attributes().PutStr("user.id", user)
			rec.Attributes().PutStr("prompt.id", session+"-1")
		}
		require.NoError(t, c.logs.ConsumeLogs(t.Context(), ld))
	}
	say("s1", "alice", "secret of alice")
	say("s2", "alice", "another secret of alice")
	say("s3", "bob", "what bob said")
	left := func(like string) int {
		return countRows(t, db, "SELECT FROM llm_contents WHERE body::text LIKE '%"+like+"%'")
	}
	require.Equal(t, 9, countRows(t, db, "SELECT FROM llm_events"))
	require.Equal(t, 3, countRows(t, db, "SELECT FROM llm_events WHERE found_by_call"), "those of the calls")
	require.NotZero(t, left("secret"))
	erase(t, db, "session", "s1")
	require.Equal(t, 6, countRows(t, db, "SELECT FROM llm_events"))
	erase(t, db, "user", "alice")
	require.Equal(t, 3, countRows(t, db, "SELECT FROM llm_events"))
	require.Zero(t, left("secret"))
	require.NotZero(t, left("what bob said"))
	var trace string
	require.NoError(t, db.QueryRow(t.Context(), "SELECT replace(belongs_to::text, '-', '') FROM llm_events LIMIT 1").Scan(&trace))
	erase(t, db, "trace", trace)
	require.Zero(t, countRows(t, db, "SELECT FROM llm_events"))
	require.Zero(t, countRows(t, db, "SELECT FROM llm_contents"))
	require.Zero(t, countRows(t, db, "SELECT FROM llm_spans"))

	// Spans are gone by retention before records of the day are.
	say("s4", "carol", "what carol said")
	_, err := db.Exec(t.Context(), "DELETE FROM llm_spans")
	require.NoError(t, err)
	erase(t, db, "user", "carol")
	require.Zero(t, countRows(t, db, "SELECT FROM llm_events"))
}

// TestPoisonedRecordCostsItselfOnly has Postgres refuse one record.
func TestPoisonedRecordCostsItselfOnly(t *testing.T) {
	url := storetest.NewDatabase(t)
	c, db := startBoth(t, url, nil), storetest.Pool(t, url)
	_, err := db.Exec(t.Context(), `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		IF NEW.name = 'tool_result' THEN RAISE EXCEPTION USING ERRCODE = '22012', MESSAGE = 'refused'; END IF; RETURN NEW; END $$;
		CREATE TRIGGER refuse BEFORE INSERT ON llm_events FOR EACH ROW EXECUTE FUNCTION refuse()`)
	require.NoError(t, err)
	ld := agentruns.LoadLogs(t, "../mapping/testdata/fixtures/cli/claude-code-2.1.332-tools.logs.otlp.json")
	require.NoError(t, c.logs.ConsumeLogs(t.Context(), ld))
	want := 0
	for _, rec := range logs.Read(ld, logs.KeepGenAI, nil).Records {
		if rec.Name != "tool_result" {
			want++
		}
	}
	require.Equal(t, want, countRows(t, db, "SELECT FROM llm_events"))
}

// TestUntracedSessionIsCalls sends the records of a session of Claude Code whose traces are
// off: a trace a prompt, with the prompt as its input, and calls with cost.
func TestUntracedSessionIsCalls(t *testing.T) {
	url := storetest.NewDatabase(t)
	c, db := startBoth(t, url, nil), storetest.Pool(t, url)
	ld := agentruns.LoadLogs(t, "../mapping/testdata/fixtures/cli/claude-code-2.1.332-defaults.logs.otlp.json")
	for range 2 {
		require.NoError(t, c.logs.ConsumeLogs(t.Context(), ld))
	}
	calls, input, output := 0, 0, 0
	for _, rec := range logs.Read(ld, logs.KeepGenAI, nil).Records {
		if rec.Name != "api_request" {
			continue
		}
		calls++
		for _, key := range []string{"input_tokens", "cache_read_tokens", "cache_creation_tokens"} {
			if v, ok := rec.Attributes().Get(key); ok {
				input += int(v.Int())
			}
		}
		if v, ok := rec.Attributes().Get("output_tokens"); ok {
			output += int(v.Int())
		}
	}
	require.NotZero(t, calls)
	var got [3]int
	var priced bool
	require.NoError(t, db.QueryRow(t.Context(), `SELECT count(*), sum(input_tokens), sum(output_tokens), bool_and(total_cost > 0 AND source = 'event' AND session_id IS NOT NULL)
		FROM llm_calls WHERE is_call`).Scan(&got[0], &got[1], &got[2], &priced))
	require.Equal(t, [3]int{calls, input, output}, got)
	require.True(t, priced)
	require.Equal(t, 1, countRows(t, db, "SELECT FROM llm_traces WHERE llm_call_count > 0"))
	require.Equal(t, 1, countRows(t, db, "SELECT FROM llm_spans WHERE kind = 'agent' AND parent_span_id IS NULL"))
}
