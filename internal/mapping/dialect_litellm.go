package mapping

import "strings"

// LiteLLM, library and proxy: its callback, and the format that LITELLM_OTEL_V2 turns
// on, whose costs have names of their own.
var _ = register(dialect{
	name:     "LiteLLM",
	versions: "*litellm* 1.110.2, callback and LITELLM_OTEL_V2; proxy",
	scopes:   []string{"litellm"},
	marks:    []string{"hidden_params", "gen_ai.cost.total_cost", "litellm.cost.total", "litellm.call_type"},
	sources: map[field][]source{
		fInputCost:  {{attr: "gen_ai.cost.input_cost"}, {attr: "litellm.cost.input"}},
		fOutputCost: {{attr: "gen_ai.cost.output_cost"}, {attr: "litellm.cost.output"}},
		fTotalCost:  {{attr: "gen_ai.cost.total_cost"}, {attr: "litellm.cost.total"}},
		fCacheRead:  {{attr: liteLLMUsage, path: "prompt_tokens_details.cached_tokens"}, {attr: liteLLMUsage, path: "cache_read_input_tokens"}},
		fCacheCreation: {
			{attr: liteLLMUsage, path: "cache_creation_input_tokens"},
			{attr: liteLLMUsage, path: "prompt_tokens_details.cache_creation_tokens"},
		},
		fReasoning:       {{attr: liteLLMUsage, path: "completion_tokens_details.reasoning_tokens"}},
		fStreaming:       {{attr: "litellm.request.streaming"}},
		fUserID:          {{attr: "metadata.user_api_key_end_user_id", own: true, at: events1}},
		fSessionID:       {{attr: "metadata.requester_metadata", own: true, path: "session_id", at: events1}},
		fToolDefinitions: {{attr: "gen_ai.tool.#", own: true}},
	},
	kinds: []kindRule{{at: kindByIntent, own: true, of: liteLLMRaw, note: "`raw_gen_ai_request`, and a caller's span with nothing but the request as `llm.PROVIDER.…` → other"}},
	// raw_gen_ai_request repeats the request as llm.PROVIDER.PARAM.
	words: []string{
		"llm.*.messages", "llm.*.input", "llm.*.prompt", "llm.*.contents", "llm.*.content", "llm.*.instructions",
		"llm.*.tools", "llm.*.functions", "llm.*.choices", "llm.*.candidates", "llm.*.output",
	},
})

// liteLLMRaw knows the span that repeats the request under the provider's names: one of its own, or that
// of the caller, where there is one.
func liteLLMRaw(r Reading, name string) (Kind, verdict) {
	if name == "raw_gen_ai_request" {
		return KindOther, decided
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
		return KindOther, decided
	}
	return KindOther, undecided
}

// liteLLMUsage is the usage as the provider reported it, printed by Python.
const liteLLMUsage = "metadata.usage_object"
