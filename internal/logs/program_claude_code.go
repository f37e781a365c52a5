package logs

var _ = register(program{
	name:     "Claude Code",
	versions: "Claude Code *2.1.332*, Agent SDK *0.3.332*",
	scopes:   []string{"com.anthropic.claude_code.events", "com.anthropic.claude_code*"},
	spans:    []string{"com.anthropic.claude_code*"},
	prefix:   "claude_code.",
	session:  []string{"session.id"}, user: []string{"user.id"}, turn: []string{"prompt.id"},
	events: map[string][]rule{
		"user_prompt": {{kind: Prompt, texts: map[string][]string{inputMessages: {"prompt", "prompt_text"}}}},
		"api_request": {{
			kind: Call,
			fields: map[string][]string{
				responseModel: {"model"}, responseID: {"request_id"}, outputTokens: {"output_tokens"}, cacheRead: {"cache_read_tokens"},
				cacheWrite: {"cache_creation_tokens"}, cacheWrite1h: {"cache_creation_1h_tokens"}, cost: {"cost_usd"},
				ttftMillis: {"ttft_ms"}, agentName: {"agent.name"}, agentID: {"agent_id"},
			},
			sums:     map[string][]string{inputTokens: {"input_tokens", "cache_read_tokens", "cache_creation_tokens"}},
			fixed:    map[string]string{operation: "chat", provider: "anthropic"},
			duration: []string{"duration_ms"}, request: []string{"request_id"},
			byTime: true, // where a gateway drops the id
		}},
		"assistant_response": {{
			kind: Words, texts: map[string][]string{outputMessages: {"response"}}, request: []string{"request_id"}, names: namesOther,
		}},
		"api_error": {{
			kind:     Call,
			fields:   map[string][]string{requestModel: {"model"}, responseID: {"request_id"}, errorMessage: {"error"}, errorType: {"status_code"}, agentName: {"agent.name"}, agentID: {"agent_id"}},
			fixed:    map[string]string{operation: "chat", provider: "anthropic"},
			duration: []string{"duration_ms"}, failed: always, request: []string{"request_id"}, byTime: true,
		}},
		"tool_result": {{
			kind: Tool,
			fields: map[string][]string{
				toolName: {"tool_name"}, toolCallID: {"tool_use_id"}, toolArguments: {"tool_input", "tool_parameters"}, errorMessage: {"error"},
			},
			duration: []string{"duration_ms"}, failed: unsuccessful, toolCall: []string{"tool_use_id"},
		}},
		"tool_decision": {
			{
				kind: Tool, when: []condition{{attr: "decision", is: []string{"reject"}}},
				fields: map[string][]string{toolName: {"tool_name"}, toolCallID: {"tool_use_id"}, toolArguments: {"tool_parameters"}},
				fixed:  map[string]string{errorType: "rejected"}, failed: always, toolCall: []string{"tool_use_id"},
				names: namesOther, // the span in which the user is asked, below the tool's
			},
			{kind: Fact},
		},
		"internal_error": {{kind: Noise}}, "plugin_loaded": {{kind: Noise}}, "managed_settings_resolved": {{kind: Noise}},
		"*": {{kind: Fact}},
	},
})
