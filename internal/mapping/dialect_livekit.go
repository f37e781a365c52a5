package mapping

// LiveKit agents: kinds from the names of spans; words under lk. or, since 1.9,
// lk.pii.
var _ = register(dialect{
	name:     "LiveKit Agents",
	versions: "1 and 1.9",
	scopes:   []string{"livekit-agents"},
	sources: map[field][]source{
		fAgentName: {{attr: "lk.agent_name"}},
		fInputMessages: {
			{attr: "lk.chat_ctx", path: "items"},
			{attr: "lk.chat_ctx", as: asBody},
			{attr: "lk.pii.chat_ctx", path: "items"},
			{attr: "lk.pii.chat_ctx", as: asBody},
			{attr: "lk.user_input", as: asText, only: kindsOf(KindAgent)},
			{attr: "lk.pii.user_input", as: asText, only: kindsOf(KindAgent)},
		},
		fOutputMessages: {{attr: "lk.response.text", as: asText}, {attr: "lk.pii.response.text", as: asText}},
		fToolName:       {{attr: "lk.function_tool.name"}},
		fToolCallID:     {{attr: "lk.function_tool.id"}},
		fToolArguments:  {{attr: "lk.function_tool.arguments"}, {attr: "lk.pii.function_tool.arguments"}},
		fToolResult:     {{attr: "lk.function_tool.output"}, {attr: "lk.pii.function_tool.output"}},
	},
	kinds: []kindRule{
		{at: kindByOthers, own: true, values: map[string]Kind{
			"agent_turn": KindAgent, "agent_session": KindAgent, "function_tool": KindTool, "llm_request": KindLLM, "llm_request_run": KindOther, "llm_node": KindChain,
		}},
	},
	words: []string{
		"lk.pii.instructions", "lk.pii.user_transcript", "lk.pii.response.function_calls", "lk.pii.input_text",
		"lk.instructions", "lk.user_input", "lk.user_transcript", "lk.function_tools", "lk.response.function_calls", "lk.input_text",
	},
})
