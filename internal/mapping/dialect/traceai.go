package dialect

// traceAI, of Future AGI: OpenInference's indexed messages under the names of the
// current conventions.
var _ = register(Dialect{
	Name:     "traceAI (Future AGI)",
	Versions: "*traceai-openai* 0.1.10, *-openai-agents* 0.1.6, *-langchain* 0.2.0; older with fi.span.kind",
	Scopes:   []string{"traceai_*", "fi.*"},
	Marks:    []string{"fi.span.kind"},
	Sources: map[Field][]Source{
		RequestModel: {
			{Attr: "gen_ai.request.parameters", Path: "model", Own: true, At: exactNames},
			{Attr: "gen_ai.request.parameters", Path: "model", At: otherNames1},
		},
		ResponseModel:     {{Attr: "gen_ai.request.model", Own: true, With: unlessRequested, Note: "unless it is the request model"}},
		ResponseID:        {{Attr: "gen_ai.request.parameters", Path: "id", Own: true, At: last1}},
		RequestParameters: {{Attr: "gen_ai.request.parameters", As: AsBody, With: without("id", "created_at", "metadata"), Note: "but what a response says"}},
		Streaming:         {{Attr: "gen_ai.request.parameters", Path: "stream"}},
		CacheRead:         {{Attr: "gen_ai.usage.input_tokens.cache_read", At: libraryNames1}},
		Reasoning:         {{Attr: "gen_ai.usage.output_tokens.reasoning", At: libraryNames1}},
		InputMessages:     {{Attr: "gen_ai.input.messages.#", Drop: openInferenceWraps}},
		OutputMessages:    {{Attr: "gen_ai.output.messages.#", Drop: openInferenceWraps}},
		ToolDefinitions:   {{Attr: "gen_ai.tool.definitions.#", Drop: []string{"tool", "json_schema"}}},
	},
	Kinds: []KindRule{
		{Group: kindByIntent, Own: true, Of: traceAINothing, Note: "the OpenAI client's without messages, tokens and error → other"},
		{Group: kindByInference, Attr: "fi.span.kind", Values: spanKindValues},
	},
})

// traceAINothing knows the requests of OpenAI's client that ask no model for an answer.
func traceAINothing(r Reading, _ string) (Kind, Verdict) {
	if kind, _ := r.Attr("gen_ai.span.kind").Str(); kind == "LLM" && r.ScopeName() == "traceai_openai" && askedNothing(r, "gen_ai.") {
		return KindOther, Decided
	}
	return KindOther, Undecided
}
