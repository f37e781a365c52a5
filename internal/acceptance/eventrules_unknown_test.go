package acceptance

// unknownEvents are runs whose records are older or of programs that nobody described.
var unknownEvents = []eventRule{
	{
		name: "older events with a message in the body",
		tell: func(r *madeUp) {
			r.span(1, 0, "chat m-1", 0, 1, chatAttrs(usage))
			r.record(1, "", 0.1, attrs{"event_name": "gen_ai.content.prompt", "gen_ai.system": "acme", "gen_ai.prompt": "hi"}, attrs{"role": "user", "content": "hi"})
			r.record(1, "", 0.9, attrs{"event_name": "gen_ai.content.completion", "gen_ai.system": "acme", "index": 0, "finish_reason": "stop"}, attrs{"index": 0, "finish_reason": "stop", "message": attrs{"role": "assistant", "content": "ho"}})
		},
		calls: []string{"llm m-1 7 3 ok - hi ho"},
	},
	{
		name: "older events with messages in attributes",
		tell: func(r *madeUp) {
			r.span(1, 0, "chat m-1", 0, 1, chatAttrs(usage))
			r.record(1, "gen_ai.content.prompt", 0.1, attrs{"gen_ai.prompt": `[{"role":"user","content":"hi"}]`}, nil)
			r.record(1, "gen_ai.content.completion", 0.9, attrs{"gen_ai.completion": `[{"role":"assistant","content":"ho"}]`}, nil)
		},
		calls: []string{"llm m-1 7 3 ok - hi ho"},
	},
	{
		name: "an unknown program's record that names the call",
		tell: func(r *madeUp) {
			r.span(1, 0, "model request", 0, 1, chatAttrs(usage))
			r.record(1, "acme.api_request", 1, attrs{"model": "m-1", "input_tokens": 7, "output_tokens": "3", "cost_usd": 0.5, "response": "ho"}, nil)
		},
		calls: []string{"llm m-1 7 3 ok - ho"},
	},
	{
		name: "records of unknown programs that name the span around",
		tell: func(r *madeUp) {
			r.span(1, 0, "turn", 0, 9, nil)
			for i := range 2 {
				at := float64(4 * i)
				r.span(byte(2+2*i), 1, "chat m-1", at, at+1, chatAttrs(usage))
				r.span(byte(3+2*i), 1, "execute_tool search", at+1, at+2, attrs{"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search"})
				r.record(1, "acme.llm.response", at+1, attrs{"llm.model": "m-1", "llm.usage": attrs{"prompt_tokens": 7, "completion_tokens": 3}}, nil)
				r.record(1, "acme.tool.result", at+2, attrs{"tool.name": "search", "tool.args": attrs{"q": "x"}}, nil)
			}
		},
		calls: []string{"llm m-1 7 3 ok - -", "llm m-1 7 3 ok - -"},
		tools: []string{`search - - {"q": "x"}`, `search - - {"q": "x"}`},
	},
	{
		name: "records of unknown programs that name the span around, tied by ids",
		tell: func(r *madeUp) {
			r.span(1, 0, "turn", 0, 9, nil)
			r.span(2, 1, "chat m-1", 0, 1, chatAttrs(usage, attrs{"gen_ai.response.id": "r1"}))
			r.span(3, 1, "execute_tool search", 1, 2, attrs{"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search", "gen_ai.tool.call.id": "c1"})
			r.record(1, "acme.completion", 1, attrs{"model": "m-1", "tokensIn": 7, "tokensOut": 3, "responseId": "r1", "response": "ho"}, nil)
			r.record(1, "acme.tool_call", 2, attrs{"toolName": "search", "toolCallId": "c1", "success": false, "error": "away"}, nil)
		},
		calls: []string{"llm m-1 7 3 ok - ho"},
		tools: []string{"search c1 _OTHER away"},
	},
	{
		name: "an unknown program's failed call",
		tell: func(r *madeUp) {
			r.span(1, 0, "turn", 0, 9, nil)
			r.span(2, 1, "chat m-1", 0, 1, chatAttrs())
			r.spans.At(1).Status().SetCode(2)
			r.record(1, "acme.api_error", 1, attrs{"model": "m-1", "error": "too slow", "status_code": 504}, nil)
		},
		calls: []string{"llm m-1 - - failed 504 too slow"},
	},
	{
		name: "records of unknown programs alone, and sums and decisions that are no calls",
		tell: func(r *madeUp) {
			r.record(0, "acme.model_response", 1, attrs{"model": "m-1", "prompt_tokens": 7, "completion_tokens": 3}, nil)
			r.record(0, "acme.turn_completed", 2, attrs{"model": "m-1", "prompt_tokens": 7, "completion_tokens": 3}, nil)
			r.record(0, "acme.session.summary", 2, attrs{"model": "m-1", "total_tokens": 10}, nil)
			r.record(0, "acme.tool_decision", 3, attrs{"tool_name": "rm", "tool_use_id": "c1", "decision": "deny"}, nil)
			r.record(0, "acme.tool_decision", 3, attrs{"tool_name": "ls", "tool_use_id": "c2", "decision": "allow"}, nil)
			r.record(0, "acme.tool_result", 4, attrs{"tool_name": "ls", "tool_use_id": "c2", "success": "true"}, nil)
		},
		calls: []string{"llm m-1 7 3 ok - -"},
		tools: []string{"rm c1 rejected -", "ls c2 - -"},
	},
	{
		name: "an access log of a gateway with the conventions' counts",
		tell: func(r *madeUp) {
			r.span(1, 0, "chat m-1", 0, 1, chatAttrs(usage))
			r.record(1, "", 1, chatAttrs(attrs{"gen_ai.usage.input_tokens": "7", "gen_ai.usage.output_tokens": "3", "response_code": "200"}), nil)
			r.record(9, "", 3, chatAttrs(usage), nil)
		},
		calls: []string{"llm m-1 7 3 ok - -", "llm m-1 7 3 ok - -"},
	},
}
