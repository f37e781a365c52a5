package mapping

import "strings"

// LlamaIndex's own OpenTelemetry integration: a span has the name of a method, and the events of
// LlamaIndex tell what it was given and returned, flattened.
var _ = register(dialect{
	name:     "LlamaIndex",
	versions: "*llama-index-observability-otel* 0.7.0",
	scopes:   []string{"llamaindex.opentelemetry.tracer"},
	sources: map[field][]source{
		fRequestModel: {
			{event: "LLMChatStartEvent", attr: "model_dict.model_name", own: true},
			{event: "LLMCompletionStartEvent", attr: "model_dict.model_name", own: true},
			{event: "EmbeddingStartEvent", attr: "model_dict.model_name", own: true},
		},
		fResponseModel: llamaIndexRaw("model"),
		fResponseID:    llamaIndexRaw("id"),
		fFinishReasons: {{event: "LLMChatEndEvent", attr: "response.raw.choices", path: "0.finish_reason", own: true}, {event: "LLMChatEndEvent", attr: "response.raw.stop_reason", own: true}},
		fInputTokens:   llamaIndexRaw("usage.prompt_tokens", "usage.input_tokens"),
		fOutputTokens:  llamaIndexRaw("usage.completion_tokens", "usage.output_tokens"),
		fTotalTokens:   llamaIndexRaw("usage.total_tokens"),
		fCacheRead:     llamaIndexRaw("usage.prompt_tokens_details.cached_tokens", "usage.input_tokens_details.cached_tokens", "usage.cache_read_input_tokens"),
		fCacheCreation: llamaIndexRaw("usage.cache_creation_input_tokens"),
		fReasoning:     llamaIndexRaw("usage.completion_tokens_details.reasoning_tokens", "usage.output_tokens_details.reasoning_tokens"),
		fInputMessages: {{event: "LLMChatStartEvent", attr: "messages", own: true}, {event: "LLMCompletionStartEvent", attr: "prompt", own: true}},
		fOutputMessages: {
			{event: "LLMChatEndEvent", attr: "response.raw.choices", own: true},
			{event: "LLMChatEndEvent", attr: "response.message.blocks", own: true},
			{event: "LLMCompletionEndEvent", attr: "response.text", own: true},
		},
		fToolName:       {{event: "step.output", attr: llamaIndexStep, own: true, with: llamaIndexCall("tool_name"), note: "of the call that Python prints"}},
		fToolCallID:     {{event: "step.output", attr: llamaIndexStep, own: true, with: llamaIndexCall("tool_id"), note: "of the call that Python prints"}},
		fToolArguments:  {{event: "step.output", attr: llamaIndexStep, own: true, with: llamaIndexCall("tool_kwargs"), note: "of the call that Python prints"}},
		fRetrievalQuery: {{event: "RetrievalStartEvent", attr: "str_or_query_bundle", own: true}},
		fDocuments:      {{event: "RetrievalEndEvent", attr: "nodes", own: true}},
	},
	kinds: []kindRule{{at: kindByInference, own: true, of: llamaIndexKind, note: "by the events of LlamaIndex: LLM…, Embedding…, Retrieval…; `….call_tool` → tool, `….run` → agent"}},
})

const llamaIndexStep = "tags.llamaindex.step.input_summary"

// llamaIndexRaw is a member of the provider's response.
func llamaIndexRaw(members ...string) (sources []source) {
	for _, member := range members {
		sources = append(sources, source{event: "LLMChatEndEvent", attr: "response.raw." + member, own: true})
	}
	return sources
}

// llamaIndexCall takes a member of the call of a tool that a step was given.
func llamaIndexCall(member string) func(Reading, value) value {
	return func(r Reading, v value) value {
		s, _ := v.str()
		if !strings.HasPrefix(s, "ToolCall(") {
			return value{}
		}
		return value{node: r.pythonNode(s).Get(member)}
	}
}

// llamaIndexKind goes by the events: methods have names of their own.
func llamaIndexKind(r Reading, name string) (Kind, verdict) {
	for _, e := range r.Span().Events().All() {
		switch event := e.Name(); {
		case strings.HasPrefix(event, "LLMChat"), strings.HasPrefix(event, "LLMCompletion"):
			return KindLLM, decided
		case strings.HasPrefix(event, "Embedding"):
			return KindEmbedding, decided
		case strings.HasPrefix(event, "Retrieval"):
			return KindRetriever, decided
		}
	}
	switch {
	case strings.HasSuffix(name, ".call_tool"):
		return KindTool, decided
	case strings.HasSuffix(name, "Agent.run"):
		return KindAgent, decided
	}
	return KindOther, decided
}
