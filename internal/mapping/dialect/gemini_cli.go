package dialect

// Gemini CLI: operations of its own, messages of the Gemini API, and no thoughts and no
// cache among the tokens.
var _ = register(Dialect{
	Name:     "Gemini CLI",
	Versions: "0.40, *0.61.0*",
	Scopes:   []string{"gemini-cli"},
	Sources: map[Field][]Source{
		ToolCallID:    {{Attr: "gen_ai.tool.call_id"}},
		ToolArguments: {{Attr: "gen_ai.input.messages", Path: "args", Own: true, At: events1}},
		ToolResult: {
			{Attr: "gen_ai.output.messages", Path: "response.responseParts.0.functionResponse.response", Own: true, At: events1},
			{Attr: "gen_ai.output.messages", Path: "response.resultDisplay", Own: true, At: events1},
		},
	},
	Kinds: []KindRule{
		{Group: kindByOperation, Attr: "gen_ai.operation.name", Own: true, Values: map[string]Kind{
			"tool_call": KindTool, "schedule_tool_calls": KindChain, "agent_call": KindAgent, "user_prompt": KindChain, "system_prompt": KindOther,
		}},
	},
})
