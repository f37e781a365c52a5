package dialect

import "strings"

// LiteLLM, library and proxy: its callback, and the format that LITELLM_OTEL_V2 turns
// on, whose costs have names of their own.
var _ = register(Dialect{
	Name:     "LiteLLM",
	Versions: "*litellm* 1.110.2, callback and LITELLM_OTEL_V2; proxy",
	Scopes:   []string{"litellm"},
	Marks:    []string{"hidden_params", "gen_ai.cost.total_cost", "litellm.cost.total", "litellm.call_type"},
	Sources: map[Field][]Source{
		InputCost:  {{Attr: "gen_ai.cost.input_cost"}, {Attr: "litellm.cost.input"}},
		OutputCost: {{Attr: "gen_ai.cost.output_cost"}, {Attr: "litellm.cost.output"}},
		TotalCost:  {{Attr: "gen_ai.cost.total_cost"}, {Attr: "litellm.cost.total"}},
		CacheRead:  {{Attr: liteLLMUsage, Path: "prompt_tokens_details.cached_tokens"}, {Attr: liteLLMUsage, Path: "cache_read_input_tokens"}},
		CacheCreation: {
			{Attr: liteLLMUsage, Path: "cache_creation_input_tokens"},
			{Attr: liteLLMUsage, Path: "prompt_tokens_details.cache_creation_tokens"},
		},
		Reasoning:       {{Attr: liteLLMUsage, Path: "completion_tokens_details.reasoning_tokens"}},
		Streaming:       {{Attr: "litellm.request.streaming"}},
		UserID:          {{Attr: "metadata.user_api_key_end_user_id", Own: true, At: events1}},
		SessionID:       {{Attr: "metadata.requester_metadata", Own: true, Path: "session_id", At: events1}},
		ToolDefinitions: {{Attr: "gen_ai.tool.#", Own: true}},
	},
	Kinds: []KindRule{{Group: kindByIntent, Own: true, Of: liteLLMRaw, Note: "`raw_gen_ai_request`, and a caller's span with nothing but the request as `llm.PROVIDER.…` → other"}},
	// raw_gen_ai_request repeats the request as llm.PROVIDER.PARAM.
	Words: []string{
		"llm.*.messages", "llm.*.input", "llm.*.prompt", "llm.*.contents", "llm.*.content", "llm.*.instructions",
		"llm.*.tools", "llm.*.functions", "llm.*.choices", "llm.*.candidates", "llm.*.output",
	},
})

// liteLLMRaw knows the span that repeats the request under the provider's names: one of its own, or that
// of the caller, where there is one.
func liteLLMRaw(r Reading, name string) (Kind, Verdict) {
	if name == "raw_gen_ai_request" {
		return KindOther, Decided
	}
	repeats, tells := false, false
	for key := range r.Span().Attributes().All() {
		rest, is := strings.CutPrefix(key, "llm.")
		_, param, of := strings.Cut(rest, ".")
		switch {
		case is && of && (param == "messages" || param == "extra_body"):
			repeats = true
		case strings.HasPrefix(key, "gen_ai."), is && (!of || strings.HasPrefix(rest, "token_count.")):
			tells = true // of the call, in names of conventions
		}
	}
	if repeats && !tells {
		return KindOther, Decided
	}
	return KindOther, Undecided
}

// liteLLMUsage is the usage as the provider reported it, printed by Python.
const liteLLMUsage = "metadata.usage_object"
