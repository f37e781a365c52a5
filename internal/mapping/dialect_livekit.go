package mapping

// LiveKit agents: kinds from the names of spans.
var _ = register(dialect{
	name:   "LiveKit Agents",
	rank:   rankFramework + 88,
	scopes: []string{"livekit-agents"},
	sources: map[field][]source{
		fAgentName: {{attr: "lk.agent_name"}},
		fInputMessages: {
			{attr: "lk.chat_ctx", path: "items"},
			{attr: "lk.chat_ctx", as: asBody},
			{attr: "lk.user_input", as: asText, only: kindsOf(KindAgent)},
		},
		fOutputMessages: {{attr: "lk.response.text", as: asText}},
		fToolName:       {{attr: "lk.function_tool.name"}},
		fToolCallID:     {{attr: "lk.function_tool.id"}},
		fToolArguments:  {{attr: "lk.function_tool.arguments"}},
		fToolResult:     {{attr: "lk.function_tool.output"}},
	},
	kinds: []kindRule{
		{at: kindByOthers, own: true, values: map[string]Kind{
			"agent_turn": KindAgent, "agent_session": KindAgent, "function_tool": KindTool, "llm_node": KindChain, "llm_request": KindLLM,
		}},
	},
	words: []string{"lk.instructions", "lk.user_input", "lk.user_transcript", "lk.function_tools", "lk.response.function_calls", "lk.input_text"},
})
