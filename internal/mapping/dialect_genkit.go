package mapping

import "github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"

// Genkit.
var _ = register(dialect{
	name:     "Genkit",
	versions: "*genkit* 1.42.0, *github.com/firebase/genkit/go* 1.4.0",
	scopes:   []string{"genkit-tracer"},
	marks:    []string{"genkit:type"},
	sources: map[field][]source{
		fRequestModel:  {{attr: "genkit:name", only: modelKinds}},
		fResponseModel: {{attr: "genkit:output", path: "raw|custom.model|modelVersion", only: modelKinds}},
		fResponseID:    {{attr: "genkit:output", path: "raw|custom.id|responseId", only: modelKinds}},
		fFinishReasons: {
			{attr: "genkit:output", path: "raw.choices.0.finish_reason", only: onlyLLM},
			{attr: "genkit:output", path: "finishReason", only: onlyLLM},
		},
		fRequestParameters: {{attr: "genkit:input", path: "config"}},
		fInputTokens:       {{attr: "genkit:output", path: "usage.inputTokens"}},
		fOutputTokens:      {{attr: "genkit:output", path: "usage.outputTokens"}},
		fTotalTokens:       {{attr: "genkit:output", path: "usage.totalTokens"}},
		fCacheRead: {
			{attr: "genkit:output", path: "usage.cachedContentTokens"},
			{attr: "genkit:output", path: "raw.usage.prompt_tokens_details|input_tokens_details.cached_tokens"},
			{attr: "genkit:output", path: "raw.usageMetadata.cachedContentTokenCount"},
			{attr: "genkit:output", path: "raw.usage.cache_read_input_tokens"},
		},
		fReasoning: {
			{attr: "genkit:output", path: "usage.thoughtsTokens"},
			{attr: "genkit:output", path: "raw.usage.completion_tokens_details|output_tokens_details.reasoning_tokens"},
		},
		fToolName:            {{attr: "genkit:name"}},
		fEmbeddingDimensions: {{attr: "genkit:output", path: "embeddings.0.embedding", with: nodeLength, note: "its length"}},
		fInputMessages:       {{attr: "genkit:input", path: "messages"}},
		fOutputMessages:      {{attr: "genkit:output", path: "message"}, {attr: "genkit:output", path: "candidates.0.message"}},
		fToolDefinitions:     {{attr: "genkit:input", path: "tools", only: onlyLLM}},
		fToolArguments:       {{attr: "genkit:input", as: asJSON}},
		fToolResult:          {{attr: "genkit:output", as: asJSON, with: genkitResult, note: "of a `tool.v2`, its `output`"}},
		fRetrievalQuery:      {{attr: "genkit:input", path: "query.content.0.text"}, {attr: "genkit:input", path: "query"}},
		fDocuments:           {{attr: "genkit:output", path: "documents"}},
	},
	kinds: []kindRule{
		{at: kindByOthers, attr: "genkit:metadata:subtype", values: map[string]Kind{
			"model": KindLLM, "embedder": KindEmbedding, "tool": KindTool, "tool.v2": KindTool, "retriever": KindRetriever,
			"evaluator": KindEvaluator, "reranker": KindReranker, "flow": KindOther,
		}},
	},
})

// genkitResult takes the result of a tool that may answer with media too out of what is around it.
func genkitResult(r Reading, v value) value {
	if version, _ := r.attr("genkit:metadata:subtype").str(); version != "tool.v2" {
		return v
	}
	if output := r.parseOnce(v).Get("output"); output.Exists() {
		return value{node: output}
	}
	return v
}

// nodeLength counts the elements of a list.
func nodeLength(r Reading, v value) value {
	if v.node.Kind() != jsonval.Array {
		return value{}
	}
	return lengthOf(r, v)
}
