package logs

var _ = register(program{
	name:     "Codex CLI",
	versions: "Codex CLI *0.171.0*",
	scopes:   []string{"codex_otel*"},
	spans:    []string{"codex_*", "codex-*", "Codex *"}, spanEvents: []string{"api_request"},
	prefix:  "codex.",
	session: []string{"conversation.id"}, user: []string{"user.account_id", "user.email"},
	events: map[string][]rule{
		"user_prompt": {{kind: Prompt, texts: map[string][]string{inputMessages: {"prompt"}}}},
		"sse_event": {
			codexAnswer(condition{attr: "input_token_count", atLeast: 1}),
			codexAnswer(condition{attr: "output_token_count", atLeast: 1}),
			{
				kind: Call, when: []condition{{attr: "error.message", some: true}},
				fields: map[string][]string{requestModel: {"model", "slug"}, errorMessage: {"error.message"}},
				fixed:  map[string]string{operation: "chat", errorType: "stream_error"}, duration: []string{"duration_ms"}, failed: always, byTime: true,
				names: namesOther,
			},
			{kind: Noise},
		},
		"api_request": {
			codexFailure(condition{attr: "http.response.status_code", atLeast: 400}),
			codexFailure(condition{attr: "error.message", some: true}), // without an answer
			{kind: Fact},
		},
		"tool_result": {{
			kind: Tool,
			fields: map[string][]string{
				toolName: {"tool_name"}, toolCallID: {"call_id"}, toolArguments: {"arguments"}, toolResult: {"output"}, agentName: {"agent_name"},
			},
			duration: []string{"duration_ms"}, failed: unsuccessful, toolCall: []string{"call_id"}, names: namesOther,
		}},
		"tool_decision": {
			{
				kind: Tool, when: []condition{{attr: "decision", is: []string{"denied", "abort", "rejected"}}},
				fields: map[string][]string{toolName: {"tool_name"}, toolCallID: {"call_id"}},
				fixed:  map[string]string{errorType: "rejected"}, failed: always, toolCall: []string{"call_id"}, names: namesOther,
			},
			{kind: Fact},
		},
		"startup_phase": {{kind: Noise}}, "turn_ttft": {{kind: Noise}}, "websocket_event": {{kind: Noise}},
		"*": {{kind: Fact}},
	},
})

// codexAnswer is an event of a stream that ends a call: of the two that Codex writes, and
// of those that warm a connection up, only one has counts.
func codexAnswer(counts condition) rule {
	return rule{
		kind: Call, when: []condition{{attr: "event.kind", is: []string{"response.completed"}}, counts},
		fields: map[string][]string{
			requestModel: {"model", "slug"}, inputTokens: {"input_token_count"}, outputTokens: {"output_token_count"},
			totalTokens: {"tool_token_count"}, cacheRead: {"cached_token_count"}, cacheWrite: {"cache_write_token_count"},
			reasoning: {"reasoning_token_count"}, ttftMillis: {"ttft_ms"},
		},
		fixed:    map[string]string{operation: "chat"},
		duration: []string{"duration_ms"}, byTime: true, names: namesOther,
	}
}

// codexFailure is a try of a call that failed.
func codexFailure(how condition) rule {
	return rule{
		kind: Call, when: []condition{how},
		fields:   map[string][]string{requestModel: {"model", "slug"}, errorMessage: {"error.message"}, errorType: {"http.response.status_code"}},
		fixed:    map[string]string{operation: "chat"},
		duration: []string{"duration_ms"}, failed: always, request: []string{"auth.request_id"}, byTime: true,
	}
}
