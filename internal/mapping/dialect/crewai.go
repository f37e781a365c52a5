package dialect

// CrewAI's own spans: the conventions, but the agent's name is a hash.
var _ = register(Dialect{
	Name:     "CrewAI",
	Versions: "*crewai* 1.15",
	Marks:    []string{"crewai.agent.role", "crewai.crew.usage_metrics"},
	Sources: map[Field][]Source{
		AgentName:    {{Attr: "crewai.agent.role"}},
		InputTokens:  {{Attr: "crewai.crew.usage_metrics", Path: "prompt_tokens", At: last1}},
		OutputTokens: {{Attr: "crewai.crew.usage_metrics", Path: "completion_tokens", At: last1}},
		TotalTokens:  {{Attr: "crewai.crew.usage_metrics", Path: "total_tokens", At: last1}},
	},
	Kinds: []KindRule{{Group: kindByIntent, Attr: "crewai.event_name", Values: map[string]Kind{
		"tool_failure_detected": KindOther, // a second span of a tool that fails
	}}},
})
