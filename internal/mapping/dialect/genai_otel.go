package dialect

import "github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"

// The PyPI package genai-otel-instrument: words in span events with an index, cost
// under its own names.
var _ = register(Dialect{
	Name:     "genai-otel-instrument",
	Versions: "*genai-otel-instrument* 1.42.0",
	Scopes:   []string{"genai_otel.*"},
	Marks:    []string{"gen_ai.usage.cost.total", "gen_ai.usage.cost.pricing_source"},
	Sources: map[Field][]Source{
		TTFT:                {{Attr: "gen_ai.server.ttft", As: AsSeconds, Streams: true}},
		InputCost:           {{Attr: "gen_ai.usage.cost.prompt"}},
		OutputCost:          {{Attr: "gen_ai.usage.cost.completion"}},
		TotalCost:           {{Attr: "gen_ai.usage.cost.total"}},
		EmbeddingDimensions: {{Attr: "gen_ai.response.vector_size"}},
		InputMessages: {
			{Attr: "gen_ai.request.first_message", With: onlyMessage, Note: "if `gen_ai.request.message_count` is 1", At: events4},
		},
		OutputMessages:  {{Attr: "gen_ai.response", As: AsText, Only: OnlyLLM, At: events4}},
		ToolDefinitions: {{Attr: "llm.tools"}},
	},
	Words: []string{"gen_ai.request.first_message", "embedding.text", "evaluation.prompt_injection.instruction_override_patterns"},
	Messages: []MessageEvent{
		{Event: "gen_ai.prompt.#", Role: "user", Prefix: "gen_ai.prompt."},
		{Event: "gen_ai.completion.#", Role: "assistant", Output: true, Prefix: "gen_ai.completion."},
	},
})

// onlyMessage passes on the first message of a request that has no other.
func onlyMessage(r Reading, v value.Value) value.Value {
	count := r.Attr("gen_ai.request.message_count")
	if !count.Exists() {
		return value.Value{}
	}
	if n, _, ok := count.Integer(); !ok || n != 1 {
		return value.Value{}
	}
	return v
}
