package mapping

// Strands Agents, of AWS; content is in span events.
var _ = register(dialect{
	name:     "Strands Agents",
	versions: "strands-agents 1; *@strands-agents/sdk* 1.16.0",
	scopes:   []string{"strands.telemetry.tracer", "strands-agents"},
	marks:    []string{"gen_ai.system=strands-agents", "gen_ai.provider.name=strands-agents"},
	sources: map[field][]source{
		fTTFT:               {{attr: "gen_ai.server.time_to_first_token", as: asMillis, own: true, at: otherNames1}},
		fSystemInstructions: {{attr: "system_prompt", own: true}},
		fToolResult:         {{attr: "tool.result", own: true, at: libraryNames1}},
	},
	kinds: []kindRule{
		{at: kindByOthers, attr: "agent_loop.cycle_id", values: map[string]Kind{"": KindChain}},
		{at: kindByOthers, attr: "event_loop.cycle_id", of: strandsCycle, note: "any → chain, where the span counts no tokens"},
	},
})

// strandsCycle: the first versions write the id of the cycle on the calls in it too.
func strandsCycle(r Reading, _ string) (Kind, verdict) {
	if r.hasText(fInputTokens) && r.hasText(fOutputTokens) {
		return KindOther, undecided
	}
	return KindChain, decided
}
