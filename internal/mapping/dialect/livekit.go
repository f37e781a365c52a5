package dialect

// LiveKit agents: kinds from the names of spans; words under lk. or, since 1.9,
// lk.pii.
var _ = register(Dialect{
	Name:     "LiveKit Agents",
	Versions: "1 and 1.9",
	Scopes:   []string{"livekit-agents"},
	Sources: map[Field][]Source{
		AgentName: {{Attr: "lk.agent_name"}},
		InputMessages: {
			{Attr: "lk.chat_ctx", Path: "items"},
			{Attr: "lk.chat_ctx", As: AsBody},
			{Attr: "lk.pii.chat_ctx", Path: "items"},
			{Attr: "lk.pii.chat_ctx", As: AsBody},
			{Attr: "lk.user_input", As: AsText, Only: KindsOf(KindAgent)},
			{Attr: "lk.pii.user_input", As: AsText, Only: KindsOf(KindAgent)},
		},
		OutputMessages: {{Attr: "lk.response.text", As: AsText}, {Attr: "lk.pii.response.text", As: AsText}},
		ToolName:       {{Attr: "lk.function_tool.name"}},
		ToolCallID:     {{Attr: "lk.function_tool.id"}},
		ToolArguments:  {{Attr: "lk.function_tool.arguments"}, {Attr: "lk.pii.function_tool.arguments"}},
		ToolResult:     {{Attr: "lk.function_tool.output"}, {Attr: "lk.pii.function_tool.output"}},
	},
	Kinds: []KindRule{
		{Group: kindByOthers, Own: true, Values: map[string]Kind{
			"agent_turn": KindAgent, "agent_session": KindAgent, "function_tool": KindTool, "llm_request": KindLLM, "llm_request_run": KindOther, "llm_node": KindChain,
		}},
	},
	Words: []string{
		"lk.pii.instructions", "lk.pii.user_transcript", "lk.pii.response.function_calls", "lk.pii.input_text",
		"lk.instructions", "lk.user_input", "lk.user_transcript", "lk.function_tools", "lk.response.function_calls", "lk.input_text",
	},
})
