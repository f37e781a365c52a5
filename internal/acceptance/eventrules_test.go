package acceptance

import (
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

const (
	detailsEvent   = "gen_ai.client.inference.operation.details"
	exceptionEvent = "gen_ai.client.operation.exception"
)

type attrs = map[string]any

// chatAttrs are the attributes of a call of a model, and others.
func chatAttrs(others ...attrs) attrs {
	all := attrs{"gen_ai.operation.name": "chat", "gen_ai.provider.name": "acme", "gen_ai.request.model": "m-1"}
	for _, some := range others {
		for key, v := range some {
			all[key] = v
		}
	}
	return all
}

func messageOf(role, text string) []any {
	return []any{attrs{"role": role, "parts": []any{attrs{"type": "text", "content": text}}}}
}

var usage = attrs{"gen_ai.usage.input_tokens": 7, "gen_ai.usage.output_tokens": 3}

// eventRule is a run with what its calls and tools are.
type eventRule struct {
	name  string
	tell  func(r *madeUp)
	calls []string // kind, model, input, output, error_type, error_message, words
	tools []string
}

// eventRules are runs of libraries that follow the conventions.
var eventRules = []eventRule{
	{
		name: "an exception tells the error of a call whose span only failed",
		tell: func(r *madeUp) {
			r.span(1, 0, "chat m-1", 0, 1, chatAttrs())
			r.spans.At(0).Status().SetCode(2)
			r.record(1, exceptionEvent, 0.9, attrs{"exception.type": "TimeoutError", "exception.message": "too slow"}, nil)
		},
		calls: []string{"llm m-1 - - failed TimeoutError too slow"},
	},
	{
		name: "an exception of a call with figures whose span says nothing of it",
		tell: func(r *madeUp) {
			r.span(1, 0, "chat m-1", 0, 1, chatAttrs(usage))
			r.record(1, exceptionEvent, 0.9, attrs{"exception.type": "TimeoutError", "exception.message": "too slow"}, nil)
		},
		calls: []string{"llm m-1 7 3 failed TimeoutError too slow"},
	},
	{
		name: "an exception that names the span around a failed call, and one that names none",
		tell: func(r *madeUp) {
			r.span(1, 0, "request", 0, 9, nil)
			for i, names := range []byte{1, 0} {
				r.span(byte(2+i), 1, "chat m-1", float64(4*i), float64(4*i)+1, chatAttrs())
				r.spans.At(1 + i).Status().SetCode(2)
				r.record(names, exceptionEvent, float64(4*i)+0.9, chatAttrs(attrs{"exception.type": "TimeoutError", "exception.message": "too slow"}), nil)
			}
		},
		calls: []string{"llm m-1 - - failed TimeoutError too slow", "llm m-1 - - failed TimeoutError too slow"},
	},
	{
		name: "an exception that names the span around a failed call, and a record of what it answered before",
		tell: func(r *madeUp) {
			r.span(1, 0, "request", 0, 9, nil)
			r.span(2, 1, "chat m-1", 0, 1, chatAttrs())
			r.spans.At(1).Status().SetCode(2)
			r.record(2, "gen_ai.choice", 0.8, nil, attrs{"index": 0, "message": attrs{"role": "assistant", "content": "half"}})
			r.record(1, exceptionEvent, 0.9, chatAttrs(attrs{"exception.type": "TimeoutError", "exception.message": "too slow"}), nil)
		},
		calls: []string{"llm m-1 - - failed TimeoutError too slow half"},
	},
	{
		name: "an exception of a call below another observation of it, which says nothing of the failure",
		tell: func(r *madeUp) {
			r.span(1, 0, "chat m-1", 0, 2, chatAttrs(usage))
			r.span(2, 1, "chat m-1", 0, 1, chatAttrs())
			r.record(2, exceptionEvent, 0.9, attrs{"exception.type": "TimeoutError", "exception.message": "too slow"}, nil)
		},
		calls: []string{"llm m-1 7 3 failed TimeoutError too slow"},
	},
	{
		name: "an exception of another model's call, of another time and of another span around",
		tell: func(r *madeUp) {
			r.span(1, 0, "request", 0, 9, nil)
			r.span(3, 1, "step", 0, 9, nil)
			r.span(2, 1, "chat m-1", 0, 1, chatAttrs())
			r.spans.At(2).Status().SetCode(2)
			failure := attrs{"exception.type": "TimeoutError"}
			r.record(1, exceptionEvent, 0.9, attrs{"gen_ai.request.model": "other", "exception.type": "TimeoutError"}, nil)
			r.record(3, exceptionEvent, 1.5, chatAttrs(failure), nil)
			r.record(1, exceptionEvent, 4, chatAttrs(failure), nil)
		},
		calls: []string{"llm m-1 - - failed _OTHER -", "llm other - - failed TimeoutError -", "llm m-1 - - failed TimeoutError -", "llm m-1 - - failed TimeoutError -"},
	},
	{
		name: "an exception and the details of one failed call",
		tell: func(r *madeUp) {
			r.record(1, detailsEvent, 1, chatAttrs(attrs{"error.type": "TimeoutError"}), nil)
			r.record(1, exceptionEvent, 0.9, chatAttrs(attrs{"exception.type": "TimeoutError", "exception.message": "too slow"}), nil)
		},
		calls: []string{"llm m-1 - - failed TimeoutError too slow"},
	},
	{
		name: "an exception alone is a failed call",
		tell: func(r *madeUp) {
			r.record(1, exceptionEvent, 1, chatAttrs(attrs{"exception.type": "TimeoutError", "exception.message": "too slow"}), nil)
		},
		calls: []string{"llm m-1 - - failed TimeoutError too slow"},
	},
	{
		name: "an exception of a tool is none of a model",
		tell: func(r *madeUp) {
			r.span(1, 0, "execute_tool search", 0, 1, attrs{"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search", "gen_ai.tool.call.id": "c1"})
			r.record(1, exceptionEvent, 0.9, attrs{"exception.type": "IOError", "exception.message": "away", "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search"}, nil)
		},
		tools: []string{"search c1 IOError away"},
	},
	{
		name: "details with the older name of the provider",
		tell: func(r *madeUp) {
			r.record(1, detailsEvent, 1, attrs{"gen_ai.system": "acme", "gen_ai.response.model": "m-2", "gen_ai.usage.input_tokens": "7", "gen_ai.usage.output_tokens": 3.0}, nil)
		},
		calls: []string{"llm m-2 7 3 ok - -"},
	},
	{
		name: "details of an embedding",
		tell: func(r *madeUp) {
			r.span(1, 0, "embeddings e-1", 0, 1, attrs{"gen_ai.operation.name": "embeddings", "gen_ai.request.model": "e-1", "gen_ai.usage.input_tokens": 7})
			r.record(1, detailsEvent, 1, attrs{"gen_ai.operation.name": "embeddings", "gen_ai.request.model": "e-1", "gen_ai.usage.input_tokens": 7}, nil)
		},
		calls: []string{"embedding e-1 7 - ok - -"},
	},
	{
		name: "details of an agent are words",
		tell: func(r *madeUp) {
			r.span(1, 0, "invoke_agent a", 0, 2, attrs{"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "a"})
			r.span(2, 1, "chat m-1", 0, 1, chatAttrs(usage))
			r.record(1, detailsEvent, 2, attrs{
				"gen_ai.operation.name": "invoke_agent", "gen_ai.request.model": "m-1", "gen_ai.usage.input_tokens": 7, "gen_ai.usage.output_tokens": 3,
				"gen_ai.input.messages": messageOf("user", "hello agent"),
			}, nil)
			r.record(2, detailsEvent, 1, chatAttrs(usage, attrs{"gen_ai.input.messages": messageOf("user", "hello model")}), nil)
		},
		calls: []string{"llm m-1 7 3 ok - hello model"},
	},
	{
		name: "details of a tool are its words",
		tell: func(r *madeUp) {
			r.span(1, 0, "execute_tool search", 0, 1, attrs{"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search", "gen_ai.tool.call.id": "c1"})
			r.record(1, detailsEvent, 1, attrs{"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search", "gen_ai.tool.call.arguments": attrs{"q": "x"}}, nil)
		},
		tools: []string{`search c1 - - {"q": "x"}`},
	},
	{
		name: "details with words alone",
		tell: func(r *madeUp) {
			r.span(1, 0, "chat m-1", 0, 1, chatAttrs(usage))
			r.record(1, detailsEvent, 1, nil, attrs{"gen_ai.input.messages": messageOf("user", "hi"), "gen_ai.output.messages": messageOf("assistant", "ho")})
		},
		calls: []string{"llm m-1 7 3 ok - hi ho"},
	},
	{
		name: "details that name the span around, tied by the response",
		tell: func(r *madeUp) {
			r.span(1, 0, "request", 0, 2, nil)
			r.span(2, 1, "chat m-1", 0, 1, chatAttrs(usage, attrs{"gen_ai.response.id": "r1"}))
			r.record(1, detailsEvent, 1, chatAttrs(usage, attrs{"gen_ai.response.id": "r1", "gen_ai.input.messages": messageOf("user", "hi")}), nil)
		},
		calls: []string{"llm m-1 7 3 ok - hi"},
	},
	{
		name: "details that say more than the span",
		tell: func(r *madeUp) {
			r.span(1, 0, "chat m-1", 0, 1, chatAttrs())
			r.record(1, detailsEvent, 1, chatAttrs(usage, attrs{"gen_ai.usage.cache_read.input_tokens": 2}), nil)
		},
		calls: []string{"llm m-1 7 3 ok - -"},
	},
	{
		name: "details at the request and at the response of one span",
		tell: func(r *madeUp) {
			r.span(1, 0, "chat m-1", 0, 1, chatAttrs(usage))
			r.record(1, detailsEvent, 0.1, chatAttrs(attrs{"gen_ai.input.messages": messageOf("user", "hi")}), nil)
			r.record(1, detailsEvent, 1, chatAttrs(usage, attrs{"gen_ai.output.messages": messageOf("assistant", "ho")}), nil)
		},
		calls: []string{"llm m-1 7 3 ok - hi ho"},
	},
	{
		name: "choices in any order, one with a refusal",
		tell: func(r *madeUp) {
			r.span(1, 0, "chat m-1", 0, 1, chatAttrs(usage))
			r.record(1, "gen_ai.choice", 0.9, nil, attrs{"index": 1, "message": attrs{"role": "assistant", "content": "two"}, "finish_reason": "length"})
			r.record(1, "gen_ai.choice", 0.91, nil, attrs{"index": 0, "message": attrs{"role": "assistant", "content": "one"}, "finish_reason": "stop"})
			r.record(1, "gen_ai.user.message", 0.1, nil, attrs{"content": []any{attrs{"type": "text", "text": "hi"}}})
		},
		calls: []string{"llm m-1 7 3 ok - hi one two"},
	},
	{
		name: "messages as JSON in the body",
		tell: func(r *madeUp) {
			r.span(1, 0, "chat m-1", 0, 1, chatAttrs(usage))
			for _, m := range [][2]string{{"gen_ai.user.message", `{"role":"user","content":"hi"}`}, {"gen_ai.choice", `{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"ho"}}`}} {
				r.record(1, m[0], 0.5, nil, nil)
				r.logs.At(r.logs.Len() - 1).Body().SetStr(m[1])
			}
		},
		calls: []string{"llm m-1 7 3 ok - hi ho"},
	},
	{
		name: "messages as bytes, and details with nested attributes",
		tell: func(r *madeUp) {
			r.span(1, 0, "chat m-1", 0, 1, chatAttrs(usage))
			r.record(1, "gen_ai.user.message", 0.5, nil, nil)
			r.logs.At(0).Body().SetEmptyBytes().FromRaw([]byte(`{"role":"user","content":"hi"}`))
			r.record(1, "gen_ai.choice", 0.6, nil, nil)
			r.logs.At(1).Body().SetEmptyBytes().FromRaw([]byte("ho"))
			r.record(2, detailsEvent, 2, attrs{"gen_ai": attrs{
				"operation": attrs{"name": "chat"}, "request": attrs{"model": "m-2"}, "usage": attrs{"input_tokens": 5, "output_tokens": "6"},
				"input": attrs{"messages": messageOf("user", "bye")},
			}}, nil)
			r.record(3, detailsEvent, 3, nil, attrs{"gen_ai": attrs{"request": attrs{"model": "m-3"}, "usage": attrs{"output_tokens": 8}}})
		},
		calls: []string{"llm m-1 7 3 ok - hi ho", "llm m-2 5 6 ok - bye", "llm m-3 - 8 ok - -"},
	},
	{
		name: "messages as a text in the body",
		tell: func(r *madeUp) {
			r.span(1, 0, "chat m-1", 0, 1, chatAttrs(usage))
			for _, m := range [][2]string{{"gen_ai.user.message", "hi"}, {"gen_ai.choice", "ho"}} {
				r.record(1, m[0], 0.5, nil, nil)
				r.logs.At(r.logs.Len() - 1).Body().SetStr(m[1])
			}
		},
		calls: []string{"llm m-1 7 3 ok - hi ho"},
	},
	{
		name: "messages in attributes",
		tell: func(r *madeUp) {
			r.span(1, 0, "chat m-1", 0, 1, chatAttrs(usage))
			r.record(1, "gen_ai.user.message", 0.1, attrs{"content": "hi", "role": "user"}, nil)
			r.record(1, "gen_ai.choice", 0.9, attrs{"index": "0", "finish_reason": "stop", "message": `{"role":"assistant","content":"ho"}`}, nil)
		},
		calls: []string{"llm m-1 7 3 ok - hi ho"},
	},
	{
		name: "a tool's call and its result as messages",
		tell: func(r *madeUp) {
			r.span(1, 0, "chat m-1", 0, 1, chatAttrs(usage))
			r.record(1, "gen_ai.tool.message", 0.3, nil, attrs{"content": "18 degrees", "id": "c1"})
			r.record(1, "gen_ai.assistant.message", 0.2, nil, attrs{"tool_calls": []any{attrs{"id": "c1", "type": "function", "function": attrs{"name": "weather", "arguments": "{}"}}}})
			r.record(1, "gen_ai.user.message", 0.1, nil, attrs{"content": "hi"})
		},
		calls: []string{"llm m-1 7 3 ok - hi weather({}) 18 degrees"},
	},
}

const callLines = `SELECT concat_ws(' ', kind, model, coalesce(input_tokens::text, '-'), coalesce(output_tokens::text, '-'), CASE WHEN failed THEN 'failed' ELSE 'ok' END,
	coalesce(error_type, '-'), coalesce(nullif(concat_ws(' ', error_message,
		(SELECT string_agg(llm_internal_said(m), ' ') FROM jsonb_array_elements(input_messages) m), (SELECT string_agg(llm_internal_said(m), ' ') FROM jsonb_array_elements(output_messages) m)), ''), '-'))
	FROM llm_calls WHERE trace_hex = $1 AND is_call ORDER BY start_time, span_id`

const toolLines = `SELECT concat_ws(' ', tool_name, tool_call_id, coalesce(error_type, '-'), coalesce(error_message, '-'), tool_arguments::text)
	FROM llm_tool_calls WHERE trace_hex = $1 ORDER BY start_time, span_id`

// TestRulesOfEvents sends runs in each order, to two collectors, all twice: the second time changes nothing.
func TestRulesOfEvents(t *testing.T) {
	url := storetest.NewDatabase(t)
	collectors, db := []collector{startBoth(t, url, nil), startBoth(t, url, nil)}, storetest.Pool(t, url)
	n, calls, tools := 0, 0, 0
	for _, rule := range slices.Concat(eventRules, unknownEvents, formEvents) {
		for order, of := range arrivals {
			n++
			r := newMadeUp(byte(n), "acme.instrumentation", time.Now().Add(-time.Hour))
			r.trace[2] = byte(len(order))
			rule.tell(r)
			calls, tools = calls+len(rule.calls), tools+len(rule.tools) // none in another trace, as that of a session
			for _, pass := range []string{"", ", again"} {
				for i, a := range of(r) {
					a.send(t, collectors[i%2])
				}
				what := rule.name + ", " + order + pass
				requireLines(t, db, callLines, r, rule.calls, what)
				requireLines(t, db, toolLines, r, rule.tools, what)
				require.Equal(t, calls, countRows(t, db, "SELECT FROM llm_calls WHERE is_call"), what)
				require.Equal(t, tools, countRows(t, db, "SELECT FROM llm_tool_calls"), what)
			}
		}
	}
	rowcheck.Consistent(t, db)
	requireCountedAlike(t, db)
}

func requireLines(t *testing.T, db *pgxpool.Pool, query string, r *madeUp, want []string, what string) {
	t.Helper()
	require.Equal(t, append([]string{}, want...), append([]string{}, column[string](t, db, query, r.trace.String())...), what)
}

// toolResults are how programs tell the result of a tool in records, and its call in spans
// that say nothing of a failure.
var toolResults = []struct {
	spans, records, event string
	span, tool, result    attrs
	failed                []attrs
}{
	{
		spans: "com.anthropic.claude_code.tracing", records: "com.anthropic.claude_code.events", event: "tool_result",
		span:   attrs{"name": "claude_code.tool", "session.id": "s", "gen_ai.tool.name": "Bash", "gen_ai.tool.call.id": "c1", "gen_ai.operation.name": "execute_tool"},
		result: attrs{"session.id": "s", "tool_name": "Bash", "tool_use_id": "c1", "success": "true", "duration_ms": "900"},
		failed: []attrs{{"success": "false", "error": "exit 1"}, {"success": false}, {"event.name": "tool_decision", "decision": "reject"}},
	},
	{
		spans: "codex_exec", records: "codex_otel.log_only", event: "codex.tool_result",
		span:   attrs{"name": "exec_command", "conversation.id": "s", "tool_name": "exec_command", "call_id": "c1"},
		result: attrs{"conversation.id": "s", "tool_name": "exec_command", "call_id": "c1", "success": "true", "duration_ms": 900, "output": "out"},
		failed: []attrs{{"success": "false"}, {"event.name": "codex.tool_decision", "decision": "denied"}},
	},
	{
		spans: "qwen-code", records: "qwen-code", event: "qwen-code.tool_call",
		span:   attrs{"name": "qwen-code.tool", "session.id": "s", "gen_ai.tool.name": "ls", "gen_ai.tool.call.id": "c1"},
		result: attrs{"session.id": "s", "function_name": "ls", "call_id": "c1", "success": true, "duration_ms": 900},
		failed: []attrs{{"success": false, "error": "no such file", "error_type": "ENOENT"}, {"status": "error"}},
	},
	{
		spans: "gemini-cli", records: "gemini-cli", event: "gemini_cli.tool_call",
		span:   attrs{"name": "tool_call", "gen_ai.conversation.id": "s", "gen_ai.tool.name": "ls", "gen_ai.tool.call_id": "c1", "gen_ai.operation.name": "tool_call"},
		result: attrs{"session.id": "s", "function_name": "ls", "success": true, "duration_ms": 900},
		failed: []attrs{{"success": false, "error": "no such file", "error_type": "ENOENT"}},
	},
}

// TestToolsFailOnceInBothSignals has tools fail in records only: each failed tool is one in
// every subset of the signals and in each order, and no tool that did not fail is one.
func TestToolsFailOnceInBothSignals(t *testing.T) {
	url := storetest.NewDatabase(t)
	collectors, db := []collector{startBoth(t, url, nil), startBoth(t, url, nil)}, storetest.Pool(t, url)
	want, failed, n := 0, 0, byte(0)
	orders := map[string]func(*madeUp) []arrival{"records": func(r *madeUp) []arrival { return []arrival{{ld: &r.ld}} }}
	for name, of := range arrivals {
		orders[name] = of
	}
	for _, program := range toolResults {
		for k := range 1 + len(program.failed) {
			for order, of := range orders {
				n++
				r := newMadeUp(n, program.spans, time.Now().Add(-time.Hour+time.Duration(n)*30*time.Second))
				r.ld.ResourceLogs().At(0).ScopeLogs().At(0).Scope().SetName(program.records)
				session := "s" + string(rune('a'+n/26)) + string(rune('a'+n%26))
				with := func(from ...attrs) attrs {
					all := attrs{}
					for _, some := range from {
						for key, v := range some {
							if v == "s" {
								v = session
							}
							all[key] = v
						}
					}
					return all
				}
				span, record := with(program.span), with(program.result, attrs{"event.name": program.event})
				if want++; k > 0 {
					record = with(record, program.failed[k-1])
					failed++
				}
				name := span["name"].(string)
				delete(span, "name")
				r.span(1, 0, name, 0, 1, span)
				r.record(0, "", 1, record, nil)
				r.logs.At(0).SetTraceID([16]byte{})
				for i, a := range append(of(r), of(r)...) {
					a.send(t, collectors[i%2])
				}
				what := program.event + ", " + order + "\n" + dump(t, db)
				require.Equal(t, want, countRows(t, db, "SELECT FROM llm_tool_calls"), what)
				require.Equal(t, failed, countRows(t, db, "SELECT FROM llm_tool_calls WHERE failed"), what)
				require.Equal(t, failed, countRows(t, db, "SELECT FROM generate_series(1, (SELECT sum(error_count) FROM llm_traces))"), what)
			}
		}
	}
	require.Equal(t, failed, countRows(t, db, "SELECT FROM generate_series(1, (SELECT sum(failed_tool_calls) FROM llm_usage))"))
	rowcheck.Consistent(t, db)
}
