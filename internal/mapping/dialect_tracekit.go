package mapping

// LLM Tracekit, of Coralogix: the former conventions, and on spans of the OpenAI Agents SDK what
// its spans have under their own names.
var _ = register(dialect{
	name:     "LLM Tracekit (Coralogix)",
	versions: "*llm-tracekit* 2.9.0",
	scopes:   []string{"llm_tracekit.*"},
	sources: map[field][]source{
		fUserID:        {{attr: "gen_ai.request.user", own: true}},
		fAgentName:     {{attr: "agent_name", own: true, only: kindsOf(KindAgent)}},
		fToolName:      {{attr: "name", own: true}},
		fToolArguments: {{attr: "input", own: true}},
		fToolResult:    {{attr: "output", own: true}},
	},
	kinds: []kindRule{
		{at: kindByOthers, attr: "type", own: true, values: map[string]Kind{"agent": KindAgent, "function": KindTool, "guardrail": KindGuardrail, "handoff": KindChain}},
	},
})
