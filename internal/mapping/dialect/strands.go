package dialect

// Strands Agents, of AWS; content is in span events.
var _ = register(Dialect{
	Name:     "Strands Agents",
	Versions: "strands-agents 1; *@strands-agents/sdk* 1.16.0",
	Scopes:   []string{"strands.telemetry.tracer", "strands-agents"},
	Marks:    []string{"gen_ai.system=strands-agents", "gen_ai.provider.name=strands-agents"},
	Sources: map[Field][]Source{
		TTFT:               {{Attr: "gen_ai.server.time_to_first_token", As: AsMillis, Own: true, At: otherNames1}},
		SystemInstructions: {{Attr: "system_prompt", Own: true}},
		ToolResult:         {{Attr: "tool.result", Own: true, At: libraryNames1}},
	},
	Kinds: []KindRule{
		{Group: kindByOthers, Attr: "agent_loop.cycle_id", Values: map[string]Kind{"": KindChain}},
		{Group: kindByOthers, Attr: "event_loop.cycle_id", Of: strandsCycle, Note: "any → chain, where the span counts no tokens"},
	},
})

// strandsCycle: the first versions write the id of the cycle on the calls in it too.
func strandsCycle(r Reading, _ string) (Kind, Verdict) {
	if r.HasText(InputTokens) && r.HasText(OutputTokens) {
		return KindOther, Undecided
	}
	return KindChain, Decided
}
