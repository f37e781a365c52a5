package dialect

import (
	"github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// Genkit.
var _ = register(Dialect{
	Name:     "Genkit",
	Versions: "*genkit* 1.42.0, *github.com/firebase/genkit/go* 1.4.0",
	Scopes:   []string{"genkit-tracer"},
	Marks:    []string{"genkit:type"},
	Sources: map[Field][]Source{
		RequestModel:  {{Attr: "genkit:name", Only: ModelKinds}},
		ResponseModel: {{Attr: "genkit:output", Path: "raw|custom.model|modelVersion", Only: ModelKinds}},
		ResponseID:    {{Attr: "genkit:output", Path: "raw|custom.id|responseId", Only: ModelKinds}},
		FinishReasons: {
			{Attr: "genkit:output", Path: "raw.choices.0.finish_reason", Only: OnlyLLM},
			{Attr: "genkit:output", Path: "finishReason", Only: OnlyLLM},
		},
		RequestParameters: {{Attr: "genkit:input", Path: "config"}},
		InputTokens:       {{Attr: "genkit:output", Path: "usage.inputTokens"}},
		OutputTokens:      {{Attr: "genkit:output", Path: "usage.outputTokens"}},
		TotalTokens:       {{Attr: "genkit:output", Path: "usage.totalTokens"}},
		CacheRead: {
			{Attr: "genkit:output", Path: "usage.cachedContentTokens"},
			{Attr: "genkit:output", Path: "raw.usage.prompt_tokens_details|input_tokens_details.cached_tokens"},
			{Attr: "genkit:output", Path: "raw.usageMetadata.cachedContentTokenCount"},
			{Attr: "genkit:output", Path: "raw.usage.cache_read_input_tokens"},
		},
		Reasoning: {
			{Attr: "genkit:output", Path: "usage.thoughtsTokens"},
			{Attr: "genkit:output", Path: "raw.usage.completion_tokens_details|output_tokens_details.reasoning_tokens"},
		},
		ToolName:            {{Attr: "genkit:name"}},
		EmbeddingDimensions: {{Attr: "genkit:output", Path: "embeddings.0.embedding", With: nodeLength, Note: "its length"}},
		InputMessages:       {{Attr: "genkit:input", Path: "messages"}},
		OutputMessages:      {{Attr: "genkit:output", Path: "message"}, {Attr: "genkit:output", Path: "candidates.0.message"}},
		ToolDefinitions:     {{Attr: "genkit:input", Path: "tools", Only: OnlyLLM}},
		ToolArguments:       {{Attr: "genkit:input", As: AsJSON}},
		ToolResult:          {{Attr: "genkit:output", As: AsJSON, With: genkitResult, Note: "of a `tool.v2`, its `output`"}},
		RetrievalQuery:      {{Attr: "genkit:input", Path: "query.content.0.text"}, {Attr: "genkit:input", Path: "query"}},
		Documents:           {{Attr: "genkit:output", Path: "documents"}},
	},
	Kinds: []KindRule{
		{Group: kindByOthers, Attr: "genkit:metadata:subtype", Values: map[string]Kind{
			"model": KindLLM, "embedder": KindEmbedding, "tool": KindTool, "tool.v2": KindTool, "retriever": KindRetriever,
			"evaluator": KindEvaluator, "reranker": KindReranker, "flow": KindOther,
		}},
	},
})

// genkitResult takes the result of a tool that may answer with media too out of what is around it.
func genkitResult(r Reading, v value.Value) value.Value {
	if version, _ := r.Attr("genkit:metadata:subtype").Str(); version != "tool.v2" {
		return v
	}
	if output := r.ParseOnce(v).Get("output"); output.Exists() {
		return value.Value{Node: output}
	}
	return v
}

// nodeLength counts the elements of a list.
func nodeLength(r Reading, v value.Value) value.Value {
	if v.Node.Kind() != jsonval.Array {
		return value.Value{}
	}
	return lengthOf(r, v)
}
