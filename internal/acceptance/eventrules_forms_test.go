package acceptance

import (
	"encoding/json"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// line is a record without an event's name whose body is the JSON of some fields.
func (r *madeUp) line(names byte, at float64, fields attrs) {
	r.record(names, "", at, nil, nil)
	text, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	r.logs.At(r.logs.Len() - 1).Body().SetStr(string(text))
}

// observedAt says when the last record was observed.
func (r *madeUp) observedAt(seconds float64) {
	r.logs.At(r.logs.Len() - 1).SetObservedTimestamp(r.at(seconds))
}

// noTrace takes trace and span from the last record.
func (r *madeUp) noTrace() {
	r.logs.At(r.logs.Len() - 1).SetTraceID(pcommon.TraceID{})
	r.logs.At(r.logs.Len() - 1).SetSpanID(pcommon.SpanID{})
}

// ofResource gives spans and records the attribute of a resource.
func (r *madeUp) ofResource(key, value string) {
	r.td.ResourceSpans().At(0).Resource().Attributes().PutStr(key, value)
	r.ld.ResourceLogs().At(0).Resource().Attributes().PutStr(key, value)
}

// said gives the last record a body of text.
func (r *madeUp) said(text string) { r.logs.At(r.logs.Len() - 1).Body().SetStr(text) }

// toolCallOf is the call of a tool as OpenAI writes it.
func toolCallOf(id string) []any {
	return []any{attrs{"id": id, "type": "function", "function": attrs{"name": "look", "arguments": `{"q":1}`}}}
}

// formEvents are runs whose records have other forms than the conventions': other roles, chunks, repeated results,
// events of agents, times of the begin, and lines of JSON.
var formEvents = []eventRule{
	{
		name: "a message of a role of the provider",
		tell: func(r *madeUp) {
			r.span(1, 0, "chat m-1", 0, 1, chatAttrs(usage))
			r.record(1, "gen_ai.developer.message", 0.1, nil, attrs{"content": "be brief"})
			r.record(1, "gen_ai.user.message", 0.2, nil, attrs{"content": "hi"})
			r.record(1, "gen_ai.choice", 0.9, nil, attrs{"index": 0, "finish_reason": "stop", "message": attrs{"content": "ho"}})
		},
		calls: []string{"llm m-1 7 3 ok - be brief hi ho"},
	},
	{
		name: "an answer whose stream is a choice a chunk",
		tell: func(r *madeUp) {
			r.span(1, 0, "chat m-1", 0, 1, chatAttrs(usage))
			for i, text := range []string{"Paris", " is", " it"} {
				body := attrs{"index": i, "content": attrs{"role": "model", "parts": []any{attrs{"text": text}}}}
				if i == 2 {
					body["finish_reason"] = "STOP"
				}
				r.record(1, "gen_ai.choice", 0.5+float64(i)/10, attrs{"gen_ai.system": "gemini"}, body)
			}
		},
		calls: []string{"llm m-1 7 3 ok - Paris is it"},
	},
	{
		name: "several answers that each say why they ended",
		tell: func(r *madeUp) {
			r.span(1, 0, "chat m-1", 0, 1, chatAttrs(usage))
			for i, text := range []string{"a", "b"} {
				r.record(1, "gen_ai.choice", 0.9, nil, attrs{"index": i, "finish_reason": "stop", "message": attrs{"content": text}})
			}
		},
		calls: []string{"llm m-1 7 3 ok - a b"},
	},
	{
		name: "results of tools that the user's message repeats",
		tell: func(r *madeUp) {
			r.span(1, 0, "chat m-1", 0, 1, chatAttrs(usage))
			r.record(1, "gen_ai.user.message", 0.1, nil, attrs{"content": []any{attrs{"text": "hi"}}})
			r.record(1, "gen_ai.assistant.message", 0.2, nil, attrs{"content": []any{attrs{"text": "I look."}, attrs{"toolUse": attrs{"toolUseId": "c1", "name": "look", "input": attrs{"q": 1}}}}, "tool_calls": toolCallOf("c1")})
			var results []any
			for i, id := range []string{"c1", "c2"} {
				content := []any{attrs{"text": "sunny " + id}}
				results = append(results, attrs{"toolResult": attrs{"toolUseId": id, "content": content}})
				r.record(1, "gen_ai.tool.message", 0.3+float64(i)/100, nil, attrs{"id": id, "content": content})
			}
			r.record(1, "gen_ai.user.message", 0.4, nil, attrs{"content": results})
			r.record(1, "gen_ai.user.message", 0.5, nil, attrs{"content": []any{attrs{"text": "and now?"}}})
		},
		calls: []string{"llm m-1 7 3 ok - hi I look.\nlook({\"q\": 1}) [{\"text\": \"sunny c1\"}]\n[{\"text\": \"sunny c2\"}] and now?"},
	},
	{
		name: "results of tools in the user's message alone",
		tell: func(r *madeUp) {
			r.span(1, 0, "chat m-1", 0, 1, chatAttrs(usage))
			r.record(1, "gen_ai.user.message", 0.1, nil, attrs{"content": []any{attrs{"text": "hi"}}})
			r.record(1, "gen_ai.user.message", 0.4, nil, attrs{"content": []any{attrs{"toolResult": attrs{"toolUseId": "c1", "content": []any{attrs{"text": "sunny"}}}}}})
		},
		calls: []string{`llm m-1 7 3 ok - hi [{"text": "sunny"}]`},
	},
	{
		name: "words of an agent in an event of its own, which is no call",
		tell: func(r *madeUp) {
			r.span(1, 0, "invoke_agent", 0, 2, attrs{"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "a"})
			r.span(2, 1, "chat m-1", 0, 1, chatAttrs(usage))
			r.record(1, "gen_ai.client.agent.invoke.operation.details", 2, chatAttrs(usage, attrs{"gen_ai.operation.name": "invoke_agent", "gen_ai.input.messages": messageOf("user", "hi")}), nil)
			r.record(1, "gen_ai.client.workflow.operation.details", 2, attrs{"gen_ai.workflow.name": "w", "gen_ai.request.model": "m-1"}, nil)
			r.record(2, "gen_ai.client.chat.operation.details", 1, chatAttrs(usage, attrs{"gen_ai.output.messages": messageOf("assistant", "ho")}), nil)
		},
		calls: []string{"llm m-1 7 3 ok - ho"},
	},
	{
		name: "events of a span as the contents of messages, with the answer of the call before",
		tell: func(r *madeUp) {
			scope := "acme.instrumentation"
			r.span(1, 0, "chat m-1", 0, 1, chatAttrs(usage))
			r.record(1, scope, 1, attrs{"event.name": scope}, attrs{
				"input": attrs{"messages": []any{
					attrs{"role": "user", "content": attrs{"content": `[{"text":"hi"}]`}},
					attrs{"role": "tool", "content": attrs{"content": `[{"toolResult":{"toolUseId":"c1","content":[{"text":"sunny"}]}}]`}},
				}},
				"output": attrs{"messages": []any{
					attrs{"role": "assistant", "content": attrs{"content": `[{"text":"I look."}]`}},
					attrs{"role": "assistant", "content": attrs{"message": `[{"text":"ho"}]`, "finish_reason": "end_turn"}},
				}},
			})
		},
		calls: []string{`llm m-1 7 3 ok - hi I look. [{"text": "sunny"}] ho`},
	},
	{
		name: "records with the time at which their calls began, observed at the end",
		tell: func(r *madeUp) {
			r.span(1, 0, "session", 0, 90, attrs{"openinference.span.kind": "AGENT", "session.id": r.trace.String()})
			r.span(2, 1, "llm", 10, 40, attrs{"openinference.span.kind": "LLM", "session.id": r.trace.String(), "llm.model_name": "m-1", "llm.token_count.prompt": 7, "llm.token_count.completion": 3})
			r.span(3, 1, "tool.look", 40, 60, attrs{"openinference.span.kind": "TOOL", "session.id": r.trace.String(), "tool.id": "c1", "tool.name": "look"})
			r.record(1, "", 10, attrs{"event.name": "api_request", "session.id": r.trace.String(), "model": "m-1", "input_tokens": 7, "output_tokens": 3, "duration_ms": 30_000}, nil)
			r.observedAt(40.2)
			r.noTrace()
			r.record(1, "", 40, attrs{"event.name": "tool_result", "session.id": r.trace.String(), "tool_name": "look", "success": true, "duration_ms": 20_000}, nil)
			r.observedAt(60.001)
			r.noTrace()
		},
		calls: []string{"llm m-1 7 3 ok - -"},
		tools: []string{"look c1 - -"},
	},
	{
		name: "lines of JSON that say which event they are",
		tell: func(r *madeUp) {
			r.span(1, 0, "invoke_agent", 0, 9, attrs{"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "a"})
			r.span(2, 1, "execute_tool look", 2, 3, attrs{"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "look", "gen_ai.tool.call.id": "c1"})
			r.line(1, 1, attrs{"type": "LLMCallStart", "model": "m-1", "prompt_tokens": 7})
			r.line(1, 2, attrs{"type": "LLMCall", "model": "m-1", "prompt_tokens": 7, "completion_tokens": 3})
			r.line(2, 3, attrs{"type": "ToolCall", "tool_name": "look", "arguments": attrs{"q": 1}})
			r.line(1, 8, attrs{"event_type": "session_summary", "model": "m-1", "total_tokens": 10})
			r.line(1, 8, attrs{"event": "stored 10 tokens in a vault", "model": "m-1", "prompt_tokens": 7})
		},
		calls: []string{"llm m-1 7 3 ok - -"},
		tools: []string{`look c1 - - {"q": 1}`},
	},
	{
		name: "lines whose attributes say which event they are",
		tell: func(r *madeUp) {
			r.span(1, 0, "request", 0, 9, nil)
			r.record(1, "", 1, attrs{"event_type": "llm_call", "model": "m-1", "prompt_tokens": 7, "completion_tokens": 3}, nil)
			r.record(1, "", 2, attrs{"event_type": "tool_result", "tool_name": "look", "success": true}, nil)
			r.record(1, "", 3, attrs{"event_type": "order", "model": "m-1", "tokens": 7}, nil)
		},
		calls: []string{"llm m-1 7 3 ok - -"},
		tools: []string{"look - -"},
	},
	{
		name: "a failed call whose span counts no tokens as 0",
		tell: func(r *madeUp) {
			r.span(1, 0, "session", 0, 90, attrs{"openinference.span.kind": "AGENT", "session.id": r.trace.String()})
			r.span(2, 1, "llm", 10, 40, attrs{"openinference.span.kind": "LLM", "session.id": r.trace.String(), "llm.model_name": "m-1", "llm.token_count.prompt": 0, "llm.token_count.completion": 0})
			r.spans.At(1).Status().SetCode(2)
			r.record(1, "", 40, attrs{"event.name": "api_error", "session.id": r.trace.String(), "model": "m-1", "error": "overloaded", "duration_ms": 30_000}, nil)
			r.noTrace()
		},
		calls: []string{"llm m-1 0 0 failed _OTHER overloaded"},
	},
	{
		name: "tries that records alone tell, by a clock 13 s ahead",
		tell: func(r *madeUp) {
			r.span(1, 0, "chat m-1", 0, 10, chatAttrs(usage, attrs{"gen_ai.response.id": "r2"}))
			r.record(1, "acme.llm_error", 14, attrs{"model": "m-1", "request_id": "r1", "error": "overloaded", "status_code": 529}, nil)
			r.record(1, "acme.llm_response", 23, attrs{"model": "m-1", "request_id": "r2", "prompt_tokens": 7, "completion_tokens": 3}, nil)
		},
		calls: []string{"llm m-1 7 3 ok - -", "llm m-1 - - failed 529 overloaded"},
	},
	{
		name: "a call in the content that has its id beside the content alone",
		tell: func(r *madeUp) {
			r.span(1, 0, "chat m-1", 0, 1, chatAttrs(usage))
			r.record(1, "gen_ai.choice", 0.9, nil, attrs{"index": 0, "finish_reason": "stop", "message": attrs{"role": "model", "content": []any{attrs{"function_call": attrs{"name": "look", "args": attrs{"q": 1}}}}}, "tool_calls": toolCallOf("c1")})
		},
		calls: []string{`llm m-1 7 3 ok - look({"q": 1})`},
	},
	{
		name: "lines whose body is a title",
		tell: func(r *madeUp) {
			r.record(0, "", 1, attrs{"taskId": r.trace.String(), "modelId": "m-1", "apiProvider": "acme", "inputTokens": 7, "outputTokens": 3}, nil)
			r.said("LLM Completion")
			r.record(0, "", 2, attrs{"taskId": r.trace.String(), "tool": "look"}, nil)
			r.said("Tool Used")
			r.record(0, "", 3, attrs{"tool": "drill", "machine": 7}, nil)
			r.said("Tool Used")
			r.record(0, "", 3, attrs{"model": "x-300", "error": "stuck"}, nil)
			r.said("Model Request Failed")
			for i := range r.logs.Len() {
				if i < 2 {
					r.logs.At(i).SetSpanID(pcommon.SpanID{})
				}
			}
		},
		calls: []string{"llm m-1 7 3 ok - -"},
		tools: []string{"look - -"},
	},
	{
		name: "lines whose body is a word with a dot, with the attributes of a span that never comes",
		tell: func(r *madeUp) {
			for i, body := range []string{"llm_client.py", "llm_client.py", "agent.step", "agent step 1", "agent.done"} {
				r.record(1, "", 1+float64(i), chatAttrs(usage), nil)
				r.said(body)
			}
		},
		calls: []string{"llm m-1 7 3 ok - -"},
	},
	{
		name: "titles of other requests, and of many calls",
		tell: func(r *madeUp) {
			r.span(1, 0, "chat m-1", 0, 1, chatAttrs(usage))
			r.span(2, 0, "chat m-1", 1, 2, chatAttrs(usage))
			for i, body := range []string{"Request Completed", "Usage Report", "Tokens Used", "API Response", "Chat Completed"} {
				r.record(0, "", 3+float64(i), attrs{"user": "u", "model": "m-1", "total_tokens": 20, "requests": 2}, nil)
				r.said(body)
			}
			r.record(0, "", 9, attrs{"user": "u", "model": "m-1", "input_tokens": 14, "output_tokens": 6}, nil)
			r.said("Request Completed")
		},
		calls: []string{"llm m-1 7 3 ok - -", "llm m-1 7 3 ok - -"},
	},
	{
		name: "a body of one dotted word beside the type of the event",
		tell: func(r *madeUp) {
			r.span(1, 0, "request", 0, 9, nil)
			r.record(1, "", 1, attrs{"event_type": "llm_call", "model": "m-1", "prompt_tokens": 7, "completion_tokens": 3}, nil)
			r.said("agent.step")
			r.record(1, "", 2, attrs{"model": "m-1", "seconds": 3}, nil)
			r.said("example.com")
		},
		calls: []string{"llm m-1 7 3 ok - -"},
	},
	{
		name: "a conversation on the spans beside the session of the resource on records without context",
		tell: func(r *madeUp) {
			r.ofResource("session.id", "process "+r.trace.String())
			for i, id := range []string{"r1 ", "r2 "} {
				call := attrs{"gen_ai.response.id": id + r.trace.String()}
				r.span(byte(1+i), 0, "chat m-1", float64(4*i), float64(4*i)+1, chatAttrs(usage, call, attrs{"gen_ai.conversation.id": "chat " + r.trace.String()}))
				r.record(0, detailsEvent, float64(4*i)+0.9, chatAttrs(usage, call), nil)
				r.noTrace()
			}
		},
		calls: []string{"llm m-1 7 3 ok - -", "llm m-1 7 3 ok - -"},
	},
	{
		name: "words of a picture, which is no call",
		tell: func(r *madeUp) {
			media := attrs{"gen_ai.operation.name": "image", "gen_ai.request.model": "p-1", "gen_ai.response.id": "r1"}
			r.span(1, 0, "image p-1", 0, 1, media)
			r.record(1, detailsEvent, 1, attrs{"gen_ai.operation.name": "image", "gen_ai.request.model": "p-1", "gen_ai.response.id": "r1", "gen_ai.input.messages": messageOf("user", "a cat")}, nil)
		},
	},
	{
		name: "access logs of gateways with the call in one member",
		tell: func(r *madeUp) {
			r.record(1, "", 1, nil, attrs{"request": attrs{"uri": "/chat"}, "ai": attrs{"proxy": attrs{"usage": attrs{"prompt_tokens": 7, "completion_tokens": 3}, "meta": attrs{"request_model": "m-1"}}}})
			r.record(2, "", 2, nil, attrs{"request": attrs{"uri": "/"}, "ai": attrs{"proxy": attrs{"meta": attrs{"plugin_id": 7}}}})
			r.record(3, "", 3, attrs{"ai_log": `{"model":"m-1","input_token":"7","output_token":"3"}`, "response_code": "200"}, nil)
			r.record(4, "", 4, attrs{"ai_log": "-", "response_code": "200"}, nil)
		},
		calls: []string{"llm m-1 7 3 ok - -", "llm m-1 7 3 ok - -"},
	},
	{
		name: "messages whose words are under the attributes of older events",
		tell: func(r *madeUp) {
			r.span(1, 0, "chat m-1", 0, 1, chatAttrs(usage))
			r.record(1, "gen_ai.user.message", 0.1, attrs{"gen_ai.prompt": "hi"}, nil)
			r.record(1, "gen_ai.choice", 0.9, attrs{"gen_ai.completion": "ho"}, nil)
			r.said("gen_ai.choice")
		},
		calls: []string{"llm m-1 7 3 ok - hi ho"},
	},
	{
		name: "a line with the sums of an agent, whose span it names",
		tell: func(r *madeUp) {
			sums := attrs{"gen_ai.agent.name": "a", "gen_ai.usage.input_tokens": 14, "gen_ai.usage.output_tokens": 6}
			r.span(1, 0, "invoke_agent a", 0, 9, attrs{"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "a", "gen_ai.usage.input_tokens": 14, "gen_ai.usage.output_tokens": 6})
			r.span(2, 1, "chat m-1", 1, 2, chatAttrs(usage))
			r.span(3, 1, "chat m-1", 5, 6, chatAttrs(usage))
			r.record(1, "", 8.9, sums, nil)
			r.said("the agent is done")
		},
		calls: []string{"llm m-1 7 3 ok - -", "llm m-1 7 3 ok - -"},
	},
	{
		name: "tries whose clock is ahead by as much as the span takes after them, tied by ids",
		tell: func(r *madeUp) {
			r.span(1, 0, "chat m-1", 0, 10, chatAttrs(usage, attrs{"gen_ai.response.id": "r2"}))
			r.record(1, "acme.llm_error", 10.1, attrs{"model": "m-1", "request_id": "r1", "error": "overloaded", "status_code": 529}, nil)
			r.record(1, "acme.llm_response", 19, attrs{"model": "m-1", "request_id": "r2", "prompt_tokens": 7, "completion_tokens": 3}, nil)
		},
		calls: []string{"llm m-1 7 3 ok - -", "llm m-1 - - failed 529 overloaded"},
	},
	{
		name: "a failed call whose record has the id of the request and whose span that of the response",
		tell: func(r *madeUp) {
			r.span(1, 0, "chat m-1", 0, 10, chatAttrs(attrs{"gen_ai.response.id": "chatcmpl-1"}))
			r.spans.At(0).Status().SetCode(2)
			r.record(1, "acme.llm_error", 9.99, attrs{"model": "m-1", "request_id": "req_1", "error": "overloaded", "status_code": 529}, nil)
		},
		calls: []string{"llm m-1 - - failed 529 overloaded"},
	},
	{
		name: "a failed call and the try before it, told with the ids of responses",
		tell: func(r *madeUp) {
			r.span(1, 0, "chat m-1", 0, 10, chatAttrs(attrs{"gen_ai.response.id": "r2"}))
			r.spans.At(0).Status().SetCode(2)
			r.record(1, "acme.llm_error", 9.9, attrs{"model": "m-1", "response_id": "r1", "error": "overloaded", "status_code": 529}, nil)
			r.record(1, "acme.llm_error", 19, attrs{"model": "m-1", "response_id": "r2", "error": "too slow", "status_code": 504}, nil)
		},
		calls: []string{"llm m-1 - - failed 504 too slow", "llm m-1 - - failed 529 overloaded"},
	},
}
