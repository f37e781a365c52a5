package acceptance

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/agentruns"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// madeUp is a run that a test makes up: spans and log records of one trace.
type madeUp struct {
	td    ptrace.Traces
	ld    plog.Logs
	spans ptrace.SpanSlice
	logs  plog.LogRecordSlice
	trace pcommon.TraceID
	begin time.Time
}

func newMadeUp(trace byte, scope string, begin time.Time) *madeUp {
	r := &madeUp{td: ptrace.NewTraces(), ld: plog.NewLogs(), trace: pcommon.TraceID{trace, 1}, begin: begin}
	ss := r.td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty()
	ss.Scope().SetName(scope)
	sl := r.ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
	sl.Scope().SetName(scope)
	r.spans, r.logs = ss.Spans(), sl.LogRecords()
	return r
}

func (r *madeUp) at(seconds float64) pcommon.Timestamp {
	return pcommon.NewTimestampFromTime(r.begin.Add(time.Duration(seconds * float64(time.Second))))
}

func (r *madeUp) span(id, parent byte, name string, from, to float64, attrs map[string]any) {
	s := r.spans.AppendEmpty()
	s.SetTraceID(r.trace)
	s.SetSpanID(pcommon.SpanID{id})
	if parent != 0 {
		s.SetParentSpanID(pcommon.SpanID{parent})
	}
	s.SetName(name)
	s.SetStartTimestamp(r.at(from))
	s.SetEndTimestamp(r.at(to))
	if err := s.Attributes().FromRaw(attrs); err != nil {
		panic(err)
	}
}

func (r *madeUp) record(names byte, event string, at float64, attrs, body map[string]any) {
	rec := r.logs.AppendEmpty()
	rec.SetTraceID(r.trace)
	rec.SetSpanID(pcommon.SpanID{names})
	rec.SetEventName(event)
	rec.SetTimestamp(r.at(at))
	if err := rec.Attributes().FromRaw(attrs); err != nil {
		panic(err)
	}
	if body != nil {
		if err := rec.Body().SetEmptyMap().FromRaw(body); err != nil {
			panic(err)
		}
	}
}

// arrivals are the ways in which a run's batches may arrive.
var arrivals = map[string]func(*madeUp) []arrival{
	"traces first":  func(r *madeUp) []arrival { return []arrival{{td: &r.td}, {ld: &r.ld}} },
	"records first": func(r *madeUp) []arrival { return []arrival{{ld: &r.ld}, {td: &r.td}} },
	"one by one":    func(r *madeUp) []arrival { return pieces(r.td, r.ld) },
	"one by one, last first": func(r *madeUp) []arrival {
		all := pieces(r.td, r.ld)
		for i := range len(all) / 2 {
			all[i], all[len(all)-1-i] = all[len(all)-1-i], all[i]
		}
		return all
	},
}

func wordsOf(t *testing.T, db *pgxpool.Pool, trace pcommon.TraceID, span byte) (input, output string) {
	t.Helper()
	require.NoError(t, db.QueryRow(t.Context(), `SELECT coalesce(string_agg(DISTINCT i.text, '|' ORDER BY i.text), ''), coalesce((SELECT string_agg(llm_internal_said(m), '|') FROM jsonb_array_elements(d.output_messages) m), '')
		FROM llm_span_details d LEFT JOIN LATERAL (SELECT llm_internal_said(m) AS text FROM jsonb_array_elements(d.input_messages) m) i ON true
		WHERE d.trace_hex = $1 AND d.span_id = $2 GROUP BY d.output_messages`, trace.String(), pcommon.SpanID{span}.String()).Scan(&input, &output))
	return input, output
}

// TestRecordsThatNameTheSpanAround has instrumentations whose records name the span around
// the call: two calls one after the other and two at once, an answer a record a block, one
// tied by the id of its response, and one whose model tells the calls apart.
func TestRecordsThatNameTheSpanAround(t *testing.T) {
	url := storetest.NewDatabase(t)
	first, second, db := startBoth(t, url, nil), startBoth(t, url, nil), storetest.Pool(t, url)
	anthropic := map[string]any{"gen_ai.provider.name": "anthropic"}
	user := func(text string) map[string]any { return map[string]any{"content": text} }
	n := byte(0)
	for name, order := range arrivals {
		n++
		t.Run(name, func(t *testing.T) {
			r := newMadeUp(n, "opentelemetry.instrumentation.anthropic", time.Now().Add(-time.Hour))
			r.span(1, 0, "request", 0, 60, nil)
			chat := func(id byte, from, to float64, model, response string) {
				attrs := map[string]any{"gen_ai.operation.name": "chat", "gen_ai.provider.name": "anthropic"}
				if model != "" {
					attrs["gen_ai.request.model"] = model
				}
				if response != "" {
					attrs["gen_ai.response.id"] = response
				}
				r.span(id, 1, "chat", from, to, attrs)
			}
			chat(2, 1, 2, "", "")
			chat(3, 2.01, 3, "", "")
			chat(4, 10, 12, "", "resp_a")
			chat(5, 10.001, 12.001, "", "resp_b")
			chat(6, 20, 22, "claude-sonnet-4-5", "")
			chat(7, 20, 22, "gpt-4o", "")

			r.record(1, "gen_ai.user.message", 1.001, anthropic, user("How is the weather?"))
			r.record(1, "gen_ai.user.message", 1.0011, anthropic, map[string]any{"content": map[string]any{"tools": []any{
				map[string]any{"name": "get_weather", "description": "Tells the weather", "input_schema": map[string]any{"type": "object"}},
			}}})
			r.record(1, "gen_ai.choice", 1.999, anthropic, map[string]any{"index": 0, "message": map[string]any{"content": "Let me look.", "role": "assistant"}, "finish_reason": "tool_use"})
			r.record(1, "gen_ai.choice", 1.9991, anthropic, map[string]any{
				"index": 1, "message": map[string]any{"content": nil}, "finish_reason": "tool_use",
				"tool_calls": []any{map[string]any{"id": "toolu_1", "type": "function", "function": map[string]any{"name": "get_weather", "arguments": map[string]any{"city": "Paris"}}}},
			})
			r.record(1, "gen_ai.user.message", 2.011, anthropic, user("And tomorrow?"))
			r.record(1, "gen_ai.choice", 2.999, anthropic, map[string]any{"index": 0, "message": map[string]any{"content": "Rain."}, "finish_reason": "end_turn"})
			details := func(response, text string) map[string]any {
				return map[string]any{
					"gen_ai.operation.name": "chat", "gen_ai.response.id": response,
					"gen_ai.output.messages": []any{map[string]any{"role": "assistant", "parts": []any{map[string]any{"type": "text", "content": text}}, "finish_reason": "stop"}},
				}
			}
			r.record(1, "gen_ai.client.inference.operation.details", 12, details("resp_b", "of b"), nil)
			r.record(1, "gen_ai.client.inference.operation.details", 12.002, details("resp_a", "of a"), nil)
			model := func(model string) map[string]any { return map[string]any{"gen_ai.request.model": model} }
			r.record(1, "gen_ai.user.message", 20.001, model("openai/gpt-4o"), user("to gpt"))
			r.record(1, "gen_ai.user.message", 20.001, model("claude-sonnet-4-5"), user("to claude"))

			for i, a := range order(r) {
				a.send(t, []collector{first, second}[i%2])
			}
			for _, want := range []struct {
				span          byte
				input, output string
			}{
				{1, "", ""}, {2, "How is the weather?", "Let me look.\nget_weather({\"city\": \"Paris\"})"}, {3, "And tomorrow?", "Rain."},
				{4, "", "of a"}, {5, "", "of b"}, {6, "to claude", ""}, {7, "to gpt", ""},
			} {
				input, output := wordsOf(t, db, r.trace, want.span)
				require.Equal(t, [2]string{want.input, want.output}, [2]string{input, output}, "span %d", want.span)
			}
			var tools, reason string
			var answers int
			require.NoError(t, db.QueryRow(t.Context(), `SELECT tool_definitions #>> '{0,name}', finish_reasons[1], jsonb_array_length(output_messages)
				FROM llm_span_details WHERE trace_hex = $1 AND span_id = $2`, r.trace.String(), pcommon.SpanID{2}.String()).Scan(&tools, &reason, &answers))
			require.Equal(t, [3]any{"get_weather", "tool_call", 1}, [3]any{tools, reason, answers})
		})
	}
	require.Zero(t, countRows(t, db, "SELECT FROM llm_traces WHERE span_count = 0"), "rows that only hold a trace's place are gone")
}

// TestWordsOfRecordsAreWordsLikeAnyOther looks for the words of records in each view and
// look-up, over midnight too, and erases and keeps them as those of spans.
func TestWordsOfRecordsAreWordsLikeAnyOther(t *testing.T) {
	midnight := time.Now().UTC().Truncate(24 * time.Hour)
	for name, order := range arrivals {
		t.Run(name, func(t *testing.T) {
			url := storetest.NewDatabase(t)
			c, db := startBoth(t, url, nil), storetest.Pool(t, url)
			r := newMadeUp(1, "lib", midnight.Add(-5*time.Second))
			r.span(1, 0, "chat", 0, 10, map[string]any{"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.conversation.id": "s1", "user.id": "u1"})
			r.record(1, "gen_ai.user.message", 0.1, nil, map[string]any{"content": "Is the moon made of cheese?"})
			r.record(1, "gen_ai.choice", 9.9, nil, map[string]any{"index": 0, "message": map[string]any{"content": "Sadly not, it is basalt."}, "finish_reason": "stop"})
			other := newMadeUp(2, "lib", midnight.Add(-5*time.Second))
			other.span(1, 0, "chat", 0, 10, map[string]any{"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "user.id": "u2"})
			other.record(1, "gen_ai.choice", 9.9, nil, map[string]any{"index": 0, "message": map[string]any{"content": "Sadly not, it is basalt."}, "finish_reason": "stop"})
			for _, a := range append(order(r), order(other)...) {
				a.send(t, c)
			}
			trace := r.trace.String()
			for _, q := range []string{
				`SELECT llm_asked(input_messages), output_messages #>> '{0,parts,0,content}' FROM llm_span_details WHERE trace_hex = $1`,
				`SELECT llm_asked(input_messages), output_messages #>> '{0,parts,0,content}' FROM llm_calls WHERE trace_hex = $1`,
				`SELECT input, output FROM llm_trace_io WHERE trace_hex = $1`,
				`SELECT min(content) FILTER (WHERE direction = 'input'), min(content) FILTER (WHERE direction = 'output') FROM llm_messages WHERE trace_id = $1::uuid`,
				`SELECT min(content) FILTER (WHERE direction = 'input'), min(content) FILTER (WHERE direction = 'output') FROM llm_transcript($1)`,
			} {
				var input, output string
				require.NoError(t, db.QueryRow(t.Context(), q, trace).Scan(&input, &output), q)
				require.Equal(t, [2]string{"Is the moon made of cheese?", "Sadly not, it is basalt."}, [2]string{input, output}, q)
			}
			require.Equal(t, 1, countRows(t, db, "SELECT FROM llm_search(current_date - 2, 'cheese', current_date + 1) WHERE span_id IS NOT NULL"))
			require.NotZero(t, countRows(t, db, "SELECT FROM llm_search(current_date - 2, 'basalt', current_date + 1)"))
			require.Equal(t, 1, countRows(t, db, "SELECT FROM llm_export_user('u1') line WHERE line ->> 'type' = 'message' AND line::text LIKE '%cheese%'"))
			erase(t, db, "user", "u1")
			require.Zero(t, countRows(t, db, "SELECT FROM llm_contents WHERE body::text LIKE '%cheese%'"))
			require.NotZero(t, countRows(t, db, "SELECT FROM llm_contents WHERE body::text LIKE '%basalt%'"), "the other trace says it too")
			_, output := wordsOf(t, db, other.trace, 1)
			require.Equal(t, "Sadly not, it is basalt.", output)
			erase(t, db, "user", "u2")
			require.Zero(t, countRows(t, db, "SELECT FROM llm_internal_words"))
			require.Zero(t, countRows(t, db, "SELECT FROM llm_contents"))
		})
	}
}

// TestSystemMessagesOfRecordsAreKeptWhole has two messages of the system, one a record: the
// span's instructions are those of a span that says the same itself.
func TestSystemMessagesOfRecordsAreKeptWhole(t *testing.T) {
	url := storetest.NewDatabase(t)
	c, db := startBoth(t, url, nil), storetest.Pool(t, url)
	n := byte(0)
	for name, order := range arrivals {
		n++
		r := newMadeUp(n, "lib", time.Now().Add(-time.Minute))
		r.span(1, 0, "chat", 0, 1, map[string]any{"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"})
		r.span(2, 0, "chat", 0, 1, map[string]any{
			"gen_ai.operation.name": "chat", "gen_ai.request.model": "m",
			"gen_ai.input.messages": `[{"role":"system","parts":[{"type":"text","content":"Be kind."}]},{"role":"system","parts":[{"type":"text","content":"Be brief."}]},
				{"role":"user","parts":[{"type":"text","content":"Hi"}]},{"role":"system","parts":[{"type":"text","content":"Be late."}]}]`,
		})
		for i, m := range [][2]string{{"system", "Be kind."}, {"system", "Be brief."}, {"user", "Hi"}, {"system", "Be late."}} {
			r.record(1, "gen_ai."+m[0]+".message", 0.1+float64(i)/100, nil, map[string]any{"content": m[1]})
		}
		for _, a := range order(r) {
			a.send(t, c)
		}
		require.Equal(t, 1, countRows(t, db, `SELECT FROM (SELECT DISTINCT system_instructions_id, input_message_ids FROM llm_spans WHERE trace_id = '`+r.trace.String()+`') one
			WHERE system_instructions_id IS NOT NULL`), name)
		require.Equal(t, []string{`[{"type": "text", "content": "Be kind."}, {"type": "text", "content": "Be brief."}]`},
			column[string](t, db, `SELECT DISTINCT system_instructions::text FROM llm_span_details WHERE trace_hex = $1`, r.trace.String()), name)
	}
}

// TestWordsAndSpansAtOnce has two collectors store records and spans of the same new traces
// at the same time: no words are missed.
func TestWordsAndSpansAtOnce(t *testing.T) {
	url := storetest.NewDatabase(t)
	first, second, db := startBoth(t, url, nil), startBoth(t, url, nil), storetest.Pool(t, url)
	const traces = 60
	var wg sync.WaitGroup
	for n := range byte(traces) {
		r := newMadeUp(n+1, "lib", time.Now().Add(-time.Minute))
		r.span(1, 0, "chat", 0, 1, map[string]any{"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"})
		r.record(1, "gen_ai.user.message", 0.1, nil, map[string]any{"content": fmt.Sprintf("question %d", n)})
		start := make(chan struct{})
		for i, a := range []arrival{{td: &r.td}, {ld: &r.ld}} {
			wg.Go(func() {
				<-start
				a.send(t, []collector{first, second}[i])
			})
		}
		close(start)
		if n%4 == 3 {
			wg.Wait()
		}
	}
	wg.Wait()
	require.Equal(t, traces, countRows(t, db, "SELECT FROM llm_calls WHERE llm_asked(input_messages) LIKE 'question %'"))
	require.Equal(t, traces, countRows(t, db, "SELECT FROM llm_traces"))
}

// untraced is a session of Claude Code whose traces are off, of two prompts.
func untraced(t *testing.T) plog.Logs {
	t.Helper()
	ld := agentruns.LoadLogs(t, "../mapping/testdata/fixtures/cli/claude-code-2.1.332-tools.logs.otlp.json")
	second := plog.NewLogs()
	ld.CopyTo(second)
	for turn, of := range []plog.Logs{ld, second} {
		for _, rl := range of.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				for _, rec := range sl.LogRecords().All() {
					rec.SetTraceID(pcommon.TraceID{})
					rec.SetSpanID(pcommon.SpanID{})
					if turn == 0 {
						continue
					}
					rec.SetTimestamp(rec.Timestamp() + pcommon.Timestamp(time.Minute))
					rec.Attributes().PutStr("prompt.id", "second-prompt")
					for key, v := range rec.Attributes().All() {
						switch key {
						case "prompt", "prompt_text":
							v.SetStr("And what is the weather?")
						case "request_id", "tool_use_id":
							v.SetStr(v.Str() + "-2")
						}
					}
				}
			}
		}
	}
	second.ResourceLogs().MoveAndAppendTo(ld.ResourceLogs())
	return ld
}

// TestUntracedSessionReadsAsAConversation sends a session that log records alone tell: a
// trace a prompt with the prompt as its input, calls with all figures and their answers,
// tools with arguments, and a transcript.
func TestUntracedSessionReadsAsAConversation(t *testing.T) {
	for name, batches := range map[string]func(plog.Logs) []plog.Logs{
		"whole": func(ld plog.Logs) []plog.Logs { return []plog.Logs{ld} }, "one by one": recordByBatch,
		"one by one, last first": func(ld plog.Logs) []plog.Logs {
			all := recordByBatch(ld)
			for i := range len(all) / 2 {
				all[i], all[len(all)-1-i] = all[len(all)-1-i], all[i]
			}
			return append(all, all...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			url := storetest.NewDatabase(t)
			c, db := startBoth(t, url, nil), storetest.Pool(t, url)
			for _, ld := range batches(untraced(t)) {
				require.NoError(t, c.logs.ConsumeLogs(t.Context(), ld))
			}
			var session string
			require.NoError(t, db.QueryRow(t.Context(), "SELECT DISTINCT session_id FROM llm_calls WHERE is_call").Scan(&session))
			require.Equal(t, []string{
				"user: List the files of this project, then say in one sentence what it is.", "assistant: Let me look.", `assistant: Bash({"command": "ls", "description": "List files"})`, "assistant: It is 18 degrees and sunny in Paris.",
				"user: And what is the weather?", "assistant: Let me look.", `assistant: Bash({"command": "ls", "description": "List files"})`, "assistant: It is 18 degrees and sunny in Paris.",
			}, column[string](t, db, `SELECT role || ': ' || content FROM llm_transcript($1)`, session))
			require.Equal(t, []string{
				"List the files of this project, then say in one sentence what it is. -> It is 18 degrees and sunny in Paris.",
				"And what is the weather? -> It is 18 degrees and sunny in Paris.",
			}, column[string](t, db, `SELECT input || ' -> ' || output FROM llm_trace_io ORDER BY start_time`))
			require.Equal(t, []string{
				"1524 90 1200 300 0.002907 26 Let me look.", "1544 95 1200 300 0.0030419999999999996 16 It is 18 degrees and sunny in Paris.",
				"1524 90 1200 300 0.002907 26 Let me look.", "1544 95 1200 300 0.0030419999999999996 16 It is 18 degrees and sunny in Paris.",
			}, column[string](t, db, `SELECT concat_ws(' ', input_tokens, output_tokens, cache_read_tokens, cache_creation_tokens, total_cost, ttft_ms,
				output_messages #>> '{0,parts,0,content}') FROM llm_calls WHERE is_call ORDER BY start_time`))
			require.Equal(t, []string{"Bash ls", "Bash ls"}, column[string](t, db, `SELECT tool_name || ' ' || (tool_arguments ->> 'command') FROM llm_tool_calls ORDER BY start_time`))
		})
	}
}

// TestToolsOfRecordsStandInTheTranscript has a session of Codex that log records alone tell,
// with what its tools gave back.
func TestToolsOfRecordsStandInTheTranscript(t *testing.T) {
	url := storetest.NewDatabase(t)
	c, db := startBoth(t, url, nil), storetest.Pool(t, url)
	require.NoError(t, c.logs.ConsumeLogs(t.Context(), agentruns.LoadLogs(t, "../mapping/testdata/fixtures/cli/codex-0.171.0-tools.logs.otlp.json")))
	var session string
	require.NoError(t, db.QueryRow(t.Context(), "SELECT DISTINCT session_id FROM llm_calls WHERE is_call").Scan(&session))
	require.Equal(t, []string{
		"input user", "output assistant tool_call exec_command call_0001", "input tool tool_call_response call_0001",
	}, column[string](t, db, `SELECT concat_ws(' ', direction, role, nullif(body #>> '{parts,0,type}', 'text'), body #>> '{parts,0,name}', body #>> '{parts,0,id}') FROM llm_transcript($1) ORDER BY position`, session))
	require.Equal(t, 1, countRows(t, db, `SELECT FROM llm_transcript('`+session+`') WHERE role = 'tool' AND content <> '' AND content IS NOT NULL`))
}
