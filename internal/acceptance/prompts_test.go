package acceptance

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/agentruns"
	"github.com/llm-observatory/llmobservatoryexporter/internal/logs"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// turnsOfAgents makes the turns of some sessions of two programs, each told by an agent's span
// and by the record of its prompt, which names no trace. Ids of turns come again in other
// sessions and programs.
func turnsOfAgents(r *rand.Rand, begin time.Time) agentruns.Run {
	run := agentruns.Run{Traces: ptrace.NewTraces(), Logs: plog.NewLogs()}
	for n, program := range []struct{ spans, records, agent, prompt, turn, of string }{
		{"qwen-code", "qwen-code", "qwen-code.interaction", "qwen-code.user_prompt", "qwen-code.prompt_id", "prompt_id"},
		{"com.anthropic.claude_code.tracing", "com.anthropic.claude_code.events", "claude_code.interaction", "user_prompt", "prompt.id", "prompt.id"},
	} {
		ss := run.Traces.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty()
		ss.Scope().SetName(program.spans)
		sl := run.Logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
		sl.Scope().SetName(program.records)
		for session := range 2 {
			anonymous := r.IntN(4) == 0 // then ids of turns are no other session's
			for turn := range 1 + r.IntN(3) {
				id := fmt.Sprint("session ", session, " of ", n, " at ", begin.Unix())
				at := begin.Add(time.Duration(turn) * time.Hour)
				s := ss.Spans().AppendEmpty()
				s.SetTraceID(pcommon.TraceID{byte(1 + n), byte(1 + session), byte(turn), byte(begin.Unix()), byte(begin.Unix() >> 8)})
				s.SetSpanID(pcommon.SpanID{1})
				s.SetName(program.agent)
				s.SetStartTimestamp(pcommon.NewTimestampFromTime(at.Add(time.Duration(r.IntN(20)-10) * time.Second)))
				s.SetEndTimestamp(pcommon.NewTimestampFromTime(at.Add(time.Duration(15+r.IntN(1000)) * time.Second)))
				s.Attributes().PutStr("gen_ai.operation.name", "invoke_agent")
				named := fmt.Sprint(turn)
				if anonymous {
					named = fmt.Sprint(id, "########", turn)
				} else {
					s.Attributes().PutStr("session.id", id)
				}
				s.Attributes().PutStr(program.turn, named)
				rec := sl.LogRecords().AppendEmpty()
				rec.SetTimestamp(pcommon.NewTimestampFromTime(at))
				for key, value := range map[string]string{
					"event.name": program.prompt, program.of: named, "session.id": id, "prompt": fmt.Sprint("prompt ", turn, " of ", id),
				} {
					rec.Attributes().PutStr(key, value)
				}
			}
		}
	}
	return run
}

// TestPromptsPairWithTheirTurns sends turns in random batches, some of them twice, to two
// collectors: each prompt is in the trace of its agent's span, below it, and what the trace
// was asked.
func TestPromptsPairWithTheirTurns(t *testing.T) {
	url := storetest.NewDatabase(t)
	db, collectors := storetest.Pool(t, url), []collector{startBoth(t, url, nil), startBoth(t, url, nil)}
	turns := 0
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 5))
		run := turnsOfAgents(r, time.Date(2026, 3, 1+int(seed), 3, 0, 0, 0, time.UTC))
		for _, a := range batches(r, run) {
			a.send(t, collectors[r.IntN(2)])
		}
		turns += run.Traces.SpanCount()
		requirePrompts(t, db, run)
		require.Equal(t, turns, countRows(t, db, "SELECT FROM llm_traces"), "seed %d\n%s", seed, dump(t, db))
		require.Equal(t, turns, countRows(t, db, "SELECT FROM llm_trace_io WHERE input LIKE 'prompt %'"), "seed %d", seed)
		require.Equal(t, turns, countRows(t, db, "SELECT FROM llm_traces t JOIN llm_spans s ON s.trace_id = t.id AND s.span_id = t.root_span_id WHERE s.source = 'span'"), "seed %d", seed)
	}
	require.Equal(t, turns, countRows(t, db, "SELECT FROM llm_spans WHERE source = 'event'"))
	rowcheck.Consistent(t, db)
	var session, trace string
	require.NoError(t, db.QueryRow(t.Context(), "SELECT session_id, replace(belongs_to::text, '-', '') FROM llm_events ORDER BY time, id LIMIT 1").Scan(&session, &trace))
	erase(t, db, "trace", trace)
	require.Equal(t, turns-1, countRows(t, db, "SELECT FROM llm_events"))
	erase(t, db, "session", session)
	require.Zero(t, countRows(t, db, "SELECT FROM llm_contents WHERE body::text LIKE '% of "+session+"%'"))
	require.Zero(t, countRows(t, db, "SELECT FROM llm_events WHERE session_id = '"+session+"'"))
	rowcheck.Consistent(t, db)
}

// requirePrompts compares where the prompts of a run are with the agents' spans of their
// turns, as the records and spans name them.
func requirePrompts(t *testing.T, db *pgxpool.Pool, run agentruns.Run) {
	t.Helper()
	mapper := mapping.New(mapping.Options{})
	spans := mapper.Map(run.Traces).Spans
	logs.NameTurns(run.Traces, spans)
	read := logs.Read(run.Logs, logs.KeepGenAI, nil)
	prompts := mapper.Map(read.Spans).Spans
	for i := range read.Observations {
		o, prompt := &read.Observations[i], &prompts[i]
		if o.Kind != logs.Prompt {
			continue
		}
		at := slices.IndexFunc(spans, func(s mapping.Span) bool {
			return s.Kind == mapping.KindAgent && s.Event == nil && (o.Turn != "" && s.Turn == o.Turn && (s.SessionID == "" || s.SessionID == o.Session) &&
				s.Start-60_000_000 <= prompt.End && prompt.End <= s.End+60_000_000 || s.TraceID == prompt.TraceID && s.SpanID == o.Call)
		})
		want := prompt.TraceID
		if at >= 0 {
			want = spans[at].TraceID
		}
		var in string
		require.NoError(t, db.QueryRow(t.Context(), "SELECT replace(belongs_to::text, '-', '') FROM llm_events WHERE id = $1", o.Record).Scan(&in))
		require.Equal(t, want.String(), in, "prompt %q\n%s", o.Turn, dump(t, db))
		var below *string
		require.NoError(t, db.QueryRow(t.Context(), "SELECT parent_span_id FROM llm_spans WHERE trace_id = $1::uuid AND span_id = $2 AND source = 'event' AND kind = 'agent' AND start_time = to_timestamp($3::numeric / 1000000)",
			in, prompt.SpanID.String(), prompt.Start).Scan(&below))
		if at >= 0 {
			require.NotNil(t, below)
			require.Equal(t, spans[at].SpanID.String(), *below)
		}
	}
}

// TestPromptsAfterTheCallsOfTheirTurns has the prompts of sessions come in batches of their own, after calls
// of which records keep the keys, so that nothing of the sessions is listed: the calls are in the trace of the
// prompt, which may be another one than that of the turn, and the prompt is what the trace was asked.
func TestPromptsAfterTheCallsOfTheirTurns(t *testing.T) {
	url := storetest.NewDatabase(t)
	db, c := storetest.Pool(t, url), startBoth(t, url, nil)
	at := time.Now().Add(-3 * time.Hour)
	record := func(session, event string, after time.Duration) plog.Logs {
		ld := plog.NewLogs()
		sl := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
		sl.Scope().SetName("com.anthropic.claude_code.events")
		rec := sl.LogRecords().AppendEmpty()
		rec.SetTimestamp(pcommon.NewTimestampFromTime(at.Add(after)))
		for key, v := range map[string]any{
			"event.name": event, "session.id": session, "prompt.id": "1", "prompt": session, "model": "m", "input_tokens": 3, "output_tokens": 4,
		} {
			require.NoError(t, rec.Attributes().PutEmpty(key).FromRaw(v))
		}
		return ld
	}
	for n, session := range []string{"of the turn's trace", "of another trace"} {
		require.NoError(t, c.logs.ConsumeLogs(t.Context(), record(session, "api_request", time.Second)))
		prompt := record(session, "user_prompt", 0)
		if n > 0 {
			prompt.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).SetTraceID(pcommon.TraceID{byte(n)})
		}
		require.NoError(t, c.logs.ConsumeLogs(t.Context(), prompt))
		require.Equal(t, []string{session}, column[string](t, db, `SELECT i.input FROM llm_trace_io i JOIN llm_calls c ON c.trace_id = i.trace_id WHERE c.session_id = $1`, session))
	}
	require.Equal(t, 2, countRows(t, db, "SELECT FROM llm_traces"), dump(t, db))
	rowcheck.Consistent(t, db)
}
