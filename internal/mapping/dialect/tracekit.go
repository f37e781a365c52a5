package dialect

// LLM Tracekit, of Coralogix: the former conventions, and on spans of the OpenAI Agents SDK what
// its spans have under their own names.
var _ = register(Dialect{
	Name:     "LLM Tracekit (Coralogix)",
	Versions: "*llm-tracekit* 2.9.0",
	Scopes:   []string{"llm_tracekit.*"},
	Sources: map[Field][]Source{
		UserID:        {{Attr: "gen_ai.request.user", Own: true}},
		AgentName:     {{Attr: "agent_name", Own: true, Only: KindsOf(KindAgent)}},
		ToolName:      {{Attr: "name", Own: true}},
		ToolArguments: {{Attr: "input", Own: true}},
		ToolResult:    {{Attr: "output", Own: true}},
	},
	Kinds: []KindRule{
		{Group: kindByOthers, Attr: "type", Own: true, Values: map[string]Kind{"agent": KindAgent, "function": KindTool, "guardrail": KindGuardrail, "handoff": KindChain}},
	},
})
