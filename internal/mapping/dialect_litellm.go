package mapping

// LiteLLM, library and proxy.
var _ = register(dialect{
	name:     "LiteLLM",
	rank:     rankLegacy + 40,
	versions: "proxy and library; spans name no version",
	scopes:   []string{"litellm"},
	marks:    []string{"hidden_params", "gen_ai.cost.total_cost"},
	sources: map[field][]source{
		fInputCost:  {{attr: "gen_ai.cost.input_cost"}},
		fOutputCost: {{attr: "gen_ai.cost.output_cost"}},
		fTotalCost:  {{attr: "gen_ai.cost.total_cost"}},
		fUserID:     {{attr: "metadata.user_api_key_end_user_id", own: true, at: rankFramework + 95}},
	},
	kinds: []kindRule{{at: kindByIntent, own: true, values: map[string]Kind{"raw_gen_ai_request": KindOther}}},
	// raw_gen_ai_request repeats the request as llm.PROVIDER.PARAM.
	words: []string{
		"llm.*.messages", "llm.*.input", "llm.*.prompt", "llm.*.contents", "llm.*.content", "llm.*.instructions",
		"llm.*.tools", "llm.*.functions", "llm.*.choices", "llm.*.candidates", "llm.*.output",
	},
})
