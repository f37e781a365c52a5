package mapping

import "strings"

// Haystack's own tracer: requests and responses in JSON, the kind of a component in
// the name of its class. The scope is the application's.
var _ = register(dialect{
	name:     "Haystack",
	versions: "*haystack-ai* 3.4; 2 (source: core/pipeline/pipeline.py, tracing/)",
	marks: []string{
		"haystack.component.name", "haystack.component.type", "haystack.agent.step", "haystack.agent.step.llm.input", "haystack.agent.max_steps",
		"haystack.agent.step.tool.input", "haystack.tool.name",
	},
	sources: map[field][]source{
		fResponseModel: {
			{attr: haystackLLMOutput, path: "replies.0.meta.model"},
			{attr: haystackOutput, path: "replies.0.meta.model", only: modelKinds},
			{attr: haystackOutput, path: "meta.0.model", only: modelKinds},
			{attr: haystackOutput, path: "meta.model", only: modelKinds},
		},
		fFinishReasons: {
			{attr: haystackLLMOutput, path: "replies.0.meta.finish_reason"},
			{attr: haystackOutput, path: "replies.0.meta.finish_reason", only: onlyLLM},
			{attr: haystackOutput, path: "meta.0.finish_reason", only: onlyLLM},
		},
		fRequestParameters: {
			{attr: haystackLLMInput, path: "generation_kwargs", as: asBody},
			{attr: haystackInput, path: "generation_kwargs", as: asBody, only: onlyLLM},
		},
		fInputTokens:         haystackUsage("prompt_tokens|input_tokens"),
		fOutputTokens:        haystackUsage("completion_tokens|output_tokens"),
		fTotalTokens:         haystackUsage("total_tokens"),
		fCacheRead:           append(haystackUsage("prompt_tokens_details|input_tokens_details.cached_tokens"), haystackUsage("cache_read_input_tokens")...),
		fCacheCreation:       haystackUsage("cache_creation_input_tokens"),
		fReasoning:           haystackUsage("completion_tokens_details|output_tokens_details.reasoning_tokens"),
		fEmbeddingDimensions: {{attr: haystackOutput, path: "embedding", only: kindsOf(KindEmbedding), with: nodeLength, note: "its length"}},
		fAgentName:           {{attr: "haystack.component.name", only: kindsOf(KindAgent)}},
		fToolName:            {{attr: "haystack.tool.name"}},
		fInputMessages: {
			{attr: haystackLLMInput, path: "messages"},
			{attr: haystackInput, path: "messages|prompt", only: onlyLLM},
			{attr: "haystack.agent.input", path: "messages"},
			{attr: haystackInput, path: "messages", only: kindsOf(KindAgent)},
		},
		fOutputMessages: {
			{attr: haystackLLMOutput, path: "replies"},
			{attr: haystackOutput, path: "replies", only: onlyLLM},
			{attr: "haystack.agent.output", path: "last_message"},
			{attr: haystackOutput, path: "last_message", only: kindsOf(KindAgent)},
		},
		fToolDefinitions: {
			{attr: haystackLLMInput, path: "tools"},
			{attr: haystackInput, path: "tools", only: onlyLLM},
		},
		fToolArguments: {{attr: "haystack.agent.step.tool.input"}},
		fToolResult:    {{attr: "haystack.agent.step.tool.output"}},
		fRetrievalQuery: {
			{attr: haystackInput, path: "query|text"},
		},
		fDocuments: {{attr: haystackOutput, path: "documents"}},
	},
	kinds: []kindRule{
		// MLflow calls every component that it does not know an LLM.
		{at: kindByInference, attr: "haystack.component.fully_qualified_type", of: haystackKind, note: haystackKinds},
		{at: kindByInference, attr: "haystack.component.type", of: haystackKind, note: haystackKinds},
		{at: kindByOthers, own: true, values: map[string]Kind{
			"haystack.agent.run": KindAgent, "haystack.agent.step": KindChain, "haystack.agent.step.llm": KindLLM, "haystack.agent.step.tool": KindTool,
		}},
		{at: kindByOthers, values: map[string]Kind{"haystack.pipeline.run": KindChain, "haystack.async_pipeline.run": KindChain}},
	},
	words: []string{
		haystackInput, haystackOutput, haystackLLMInput, haystackLLMOutput, "haystack.agent.input", "haystack.agent.output", "haystack.agent.tools",
		"haystack.pipeline.input_data", "haystack.pipeline.output_data", "haystack.tool.description",
	},
})

const (
	haystackInput     = "haystack.component.input"
	haystackOutput    = "haystack.component.output"
	haystackLLMInput  = "haystack.agent.step.llm.input"
	haystackLLMOutput = "haystack.agent.step.llm.output"
	haystackKinds     = "the module or the end of the class: generators, embedders, retrievers, rankers, agents, tools; other components → chain"
)

// haystackUsage lists the places of a figure of the usage.
func haystackUsage(figure string) []source {
	return []source{
		{attr: haystackLLMOutput, path: "replies.0.meta.usage." + figure},
		{attr: haystackOutput, path: "replies.0.meta.usage." + figure, only: modelKinds},
		{attr: haystackOutput, path: "meta.0.usage." + figure, only: modelKinds},
		{attr: haystackOutput, path: "meta.usage." + figure, only: modelKinds},
	}
}

// haystackClasses tells the kind from the module of a component's class or from the
// end of its name.
var haystackClasses = []struct {
	part string
	kind Kind
}{
	{"generator", KindLLM}, {"embedder", KindEmbedding}, {"retriever", KindRetriever}, {"ranker", KindReranker},
	{".agent", KindAgent}, {"websearch", KindRetriever}, {"evaluator", KindEvaluator},
}

func haystackKind(_ Reading, class string) (Kind, verdict) {
	class = strings.ToLower(class)
	for _, c := range haystackClasses {
		if strings.HasSuffix(class, c.part) || strings.Contains(class, c.part+"s.") {
			return c.kind, decided
		}
	}
	if class == "agent" {
		return KindAgent, decided
	}
	return KindChain, decided
}
