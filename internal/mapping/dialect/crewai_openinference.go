package dialect

// CrewAI under OpenInference: the sums of a run stand in the output of its span.
var _ = register(Dialect{
	Name:     "CrewAI (OpenInference)",
	Versions: "*openinference-instrumentation-crewai* 1.1.21",
	Scopes:   []string{"openinference.instrumentation.crewai"},
	Sources: map[Field][]Source{
		InputTokens:   {{Attr: "output.value", Path: "token_usage.prompt_tokens", Own: true, At: last1}},
		OutputTokens:  {{Attr: "output.value", Path: "token_usage.completion_tokens", Own: true, At: last1}},
		TotalTokens:   {{Attr: "output.value", Path: "token_usage.total_tokens", Own: true, At: last1}},
		CacheRead:     {{Attr: "output.value", Path: "token_usage.cached_prompt_tokens", Own: true, At: last1}},
		CacheCreation: {{Attr: "output.value", Path: "token_usage.cache_creation_tokens", Own: true, At: last1}},
		Reasoning:     {{Attr: "output.value", Path: "token_usage.reasoning_tokens", Own: true, At: last1}},
	},
	Words: []string{"crew_inputs", "crew_agents", "crew_tasks"},
})
