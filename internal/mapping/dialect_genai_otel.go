package mapping

// The PyPI package genai-otel-instrument: words in span events with an index, cost
// under its own names.
var _ = register(dialect{
	name:     "genai-otel-instrument",
	versions: "*genai-otel-instrument* 1.42.0",
	scopes:   []string{"genai_otel.*"},
	marks:    []string{"gen_ai.usage.cost.total", "gen_ai.usage.cost.pricing_source"},
	sources: map[field][]source{
		fTTFT:                {{attr: "gen_ai.server.ttft", as: asSeconds, streams: true}},
		fInputCost:           {{attr: "gen_ai.usage.cost.prompt"}},
		fOutputCost:          {{attr: "gen_ai.usage.cost.completion"}},
		fTotalCost:           {{attr: "gen_ai.usage.cost.total"}},
		fEmbeddingDimensions: {{attr: "gen_ai.response.vector_size"}},
		fInputMessages: {
			{attr: "gen_ai.request.first_message", with: onlyMessage, note: "if `gen_ai.request.message_count` is 1", at: events4},
		},
		fOutputMessages:  {{attr: "gen_ai.response", as: asText, only: onlyLLM, at: events4}},
		fToolDefinitions: {{attr: "llm.tools"}},
	},
	words: []string{"gen_ai.request.first_message", "embedding.text", "evaluation.prompt_injection.instruction_override_patterns"},
	messages: []messageEvent{
		{event: "gen_ai.prompt.#", role: "user", prefix: "gen_ai.prompt."},
		{event: "gen_ai.completion.#", role: "assistant", output: true, prefix: "gen_ai.completion."},
	},
})

// onlyMessage passes on the first message of a request that has no other.
func onlyMessage(r Reading, v value) value {
	count := r.attr("gen_ai.request.message_count")
	if !count.exists() {
		return value{}
	}
	if n, _, ok := count.integer(); !ok || n != 1 {
		return value{}
	}
	return v
}
