package dialect

import (
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// LlamaIndex's own OpenTelemetry integration: a span has the name of a method, and the events of
// LlamaIndex tell what it was given and returned, flattened.
var _ = register(Dialect{
	Name:     "LlamaIndex",
	Versions: "*llama-index-observability-otel* 0.7.0",
	Scopes:   []string{"llamaindex.opentelemetry.tracer"},
	Sources: map[Field][]Source{
		RequestModel: {
			{Event: "LLMChatStartEvent", Attr: "model_dict.model_name", Own: true},
			{Event: "LLMCompletionStartEvent", Attr: "model_dict.model_name", Own: true},
			{Event: "EmbeddingStartEvent", Attr: "model_dict.model_name", Own: true},
		},
		ResponseModel: llamaIndexRaw("model"),
		ResponseID:    llamaIndexRaw("id"),
		FinishReasons: {{Event: "LLMChatEndEvent", Attr: "response.raw.choices", Path: "0.finish_reason", Own: true}, {Event: "LLMChatEndEvent", Attr: "response.raw.stop_reason", Own: true}},
		InputTokens:   llamaIndexRaw("usage.prompt_tokens", "usage.input_tokens"),
		OutputTokens:  llamaIndexRaw("usage.completion_tokens", "usage.output_tokens"),
		TotalTokens:   llamaIndexRaw("usage.total_tokens"),
		CacheRead:     llamaIndexRaw("usage.prompt_tokens_details.cached_tokens", "usage.input_tokens_details.cached_tokens", "usage.cache_read_input_tokens"),
		CacheCreation: llamaIndexRaw("usage.cache_creation_input_tokens"),
		Reasoning:     llamaIndexRaw("usage.completion_tokens_details.reasoning_tokens", "usage.output_tokens_details.reasoning_tokens"),
		InputMessages: {{Event: "LLMChatStartEvent", Attr: "messages", Own: true}, {Event: "LLMCompletionStartEvent", Attr: "prompt", Own: true}},
		OutputMessages: {
			{Event: "LLMChatEndEvent", Attr: "response.raw.choices", Own: true},
			{Event: "LLMChatEndEvent", Attr: "response.message.blocks", Own: true},
			{Event: "LLMCompletionEndEvent", Attr: "response.text", Own: true},
		},
		ToolName:       {{Event: "step.output", Attr: llamaIndexStep, Own: true, With: llamaIndexCall("tool_name"), Note: "of the call that Python prints"}},
		ToolCallID:     {{Event: "step.output", Attr: llamaIndexStep, Own: true, With: llamaIndexCall("tool_id"), Note: "of the call that Python prints"}},
		ToolArguments:  {{Event: "step.output", Attr: llamaIndexStep, Own: true, With: llamaIndexCall("tool_kwargs"), Note: "of the call that Python prints"}},
		RetrievalQuery: {{Event: "RetrievalStartEvent", Attr: "str_or_query_bundle", Own: true}},
		Documents:      {{Event: "RetrievalEndEvent", Attr: "nodes", Own: true}},
	},
	Kinds: []KindRule{{Group: kindByInference, Own: true, Of: llamaIndexKind, Note: "by the events of LlamaIndex: LLM…, Embedding…, Retrieval…; `….call_tool` → tool, `….run` → agent"}},
})

const llamaIndexStep = "tags.llamaindex.step.input_summary"

// llamaIndexRaw is a member of the provider's response.
func llamaIndexRaw(members ...string) (sources []Source) {
	for _, member := range members {
		sources = append(sources, Source{Event: "LLMChatEndEvent", Attr: "response.raw." + member, Own: true})
	}
	return sources
}

// llamaIndexCall takes a member of the call of a tool that a step was given.
func llamaIndexCall(member string) func(Reading, value.Value) value.Value {
	return func(r Reading, v value.Value) value.Value {
		s, _ := v.Str()
		if !strings.HasPrefix(s, "ToolCall(") {
			return value.Value{}
		}
		return value.Value{Node: r.PythonNode(s).Get(member)}
	}
}

// llamaIndexKind goes by the events: methods have names of their own.
func llamaIndexKind(r Reading, name string) (Kind, Verdict) {
	for _, e := range r.Span().Events().All() {
		switch event := e.Name(); {
		case strings.HasPrefix(event, "LLMChat"), strings.HasPrefix(event, "LLMCompletion"):
			return KindLLM, Decided
		case strings.HasPrefix(event, "Embedding"):
			return KindEmbedding, Decided
		case strings.HasPrefix(event, "Retrieval"):
			return KindRetriever, Decided
		}
	}
	switch {
	case strings.HasSuffix(name, ".call_tool"):
		return KindTool, Decided
	case strings.HasSuffix(name, "Agent.run"):
		return KindAgent, Decided
	}
	return KindOther, Decided
}
