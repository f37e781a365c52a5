package mapping

// LiteLLM, library and proxy.
var _ = register(dialect{
	name:   "LiteLLM",
	rank:   rankLegacy + 40,
	scopes: []string{"litellm"},
	marks:  []string{"hidden_params", "gen_ai.cost.total_cost"},
	sources: map[field][]source{
		fInputCost:  {{attr: "gen_ai.cost.input_cost"}},
		fOutputCost: {{attr: "gen_ai.cost.output_cost"}},
		fTotalCost:  {{attr: "gen_ai.cost.total_cost"}},
		fUserID:     {{attr: "metadata.user_api_key_end_user_id", own: true, at: rankFramework + 95}},
	},
	// raw_gen_ai_request repeats the request as llm.PROVIDER.PARAM.
	words: litellmRaw,
})

var litellmRaw = rawWords("azure", "openai", "anthropic", "bedrock", "gemini", "vertex_ai", "mistral", "groq", "cohere", "xai", "deepseek", "openrouter", "ollama", "None")

func rawWords(providers ...string) (keys []string) {
	for _, p := range providers {
		for _, param := range [...]string{"messages", "input", "prompt", "tools", "functions", "choices", "content", "contents", "output", "system", "instructions", "candidates"} {
			keys = append(keys, "llm."+p+"."+param)
		}
	}
	return keys
}
