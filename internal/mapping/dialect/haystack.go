package dialect

import "strings"

// Haystack's own tracer: requests and responses in JSON, the kind of a component in
// the name of its class. The scope is the application's.
var _ = register(Dialect{
	Name:     "Haystack",
	Versions: "*haystack-ai* 3.4; 2 (source: core/pipeline/pipeline.py, tracing/)",
	Marks: []string{
		"haystack.component.name", "haystack.component.type", "haystack.agent.step", "haystack.agent.step.llm.input", "haystack.agent.max_steps",
		"haystack.agent.step.tool.input", "haystack.tool.name",
	},
	Sources: map[Field][]Source{
		ResponseModel: {
			{Attr: haystackLLMOutput, Path: "replies.0.meta.model"},
			{Attr: haystackOutput, Path: "replies.0.meta.model", Only: ModelKinds},
			{Attr: haystackOutput, Path: "meta.0.model", Only: ModelKinds},
			{Attr: haystackOutput, Path: "meta.model", Only: ModelKinds},
		},
		FinishReasons: {
			{Attr: haystackLLMOutput, Path: "replies.0.meta.finish_reason"},
			{Attr: haystackOutput, Path: "replies.0.meta.finish_reason", Only: OnlyLLM},
			{Attr: haystackOutput, Path: "meta.0.finish_reason", Only: OnlyLLM},
		},
		RequestParameters: {
			{Attr: haystackLLMInput, Path: "generation_kwargs", As: AsBody},
			{Attr: haystackInput, Path: "generation_kwargs", As: AsBody, Only: OnlyLLM},
		},
		InputTokens:         haystackUsage("prompt_tokens|input_tokens"),
		OutputTokens:        haystackUsage("completion_tokens|output_tokens"),
		TotalTokens:         haystackUsage("total_tokens"),
		CacheRead:           append(haystackUsage("prompt_tokens_details|input_tokens_details.cached_tokens"), haystackUsage("cache_read_input_tokens")...),
		CacheCreation:       haystackUsage("cache_creation_input_tokens"),
		Reasoning:           haystackUsage("completion_tokens_details|output_tokens_details.reasoning_tokens"),
		EmbeddingDimensions: {{Attr: haystackOutput, Path: "embedding", Only: KindsOf(KindEmbedding), With: nodeLength, Note: "its length"}},
		AgentName:           {{Attr: "haystack.component.name", Only: KindsOf(KindAgent)}},
		ToolName:            {{Attr: "haystack.tool.name"}},
		InputMessages: {
			{Attr: haystackLLMInput, Path: "messages"},
			{Attr: haystackInput, Path: "messages|prompt", Only: OnlyLLM},
			{Attr: "haystack.agent.input", Path: "messages"},
			{Attr: haystackInput, Path: "messages", Only: KindsOf(KindAgent)},
		},
		OutputMessages: {
			{Attr: haystackLLMOutput, Path: "replies"},
			{Attr: haystackOutput, Path: "replies", Only: OnlyLLM},
			{Attr: "haystack.agent.output", Path: "last_message"},
			{Attr: haystackOutput, Path: "last_message", Only: KindsOf(KindAgent)},
		},
		ToolDefinitions: {
			{Attr: haystackLLMInput, Path: "tools"},
			{Attr: haystackInput, Path: "tools", Only: OnlyLLM},
		},
		ToolArguments: {{Attr: "haystack.agent.step.tool.input"}},
		ToolResult:    {{Attr: "haystack.agent.step.tool.output"}},
		RetrievalQuery: {
			{Attr: haystackInput, Path: "query|text"},
		},
		Documents: {{Attr: haystackOutput, Path: "documents"}},
	},
	Kinds: []KindRule{
		// MLflow calls every component that it does not know an LLM.
		{Group: kindByInference, Attr: "haystack.component.fully_qualified_type", Of: haystackKind, Note: haystackKinds},
		{Group: kindByInference, Attr: "haystack.component.type", Of: haystackKind, Note: haystackKinds},
		{Group: kindByOthers, Own: true, Values: map[string]Kind{
			"haystack.agent.run": KindAgent, "haystack.agent.step": KindChain, "haystack.agent.step.llm": KindLLM, "haystack.agent.step.tool": KindTool,
		}},
		{Group: kindByOthers, Values: map[string]Kind{"haystack.pipeline.run": KindChain, "haystack.async_pipeline.run": KindChain}},
	},
	Words: []string{
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
func haystackUsage(figure string) []Source {
	return []Source{
		{Attr: haystackLLMOutput, Path: "replies.0.meta.usage." + figure},
		{Attr: haystackOutput, Path: "replies.0.meta.usage." + figure, Only: ModelKinds},
		{Attr: haystackOutput, Path: "meta.0.usage." + figure, Only: ModelKinds},
		{Attr: haystackOutput, Path: "meta.usage." + figure, Only: ModelKinds},
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

func haystackKind(_ Reading, class string) (Kind, Verdict) {
	class = strings.ToLower(class)
	for _, c := range haystackClasses {
		if strings.HasSuffix(class, c.part) || strings.Contains(class, c.part+"s.") {
			return c.kind, Decided
		}
	}
	if class == "agent" {
		return KindAgent, Decided
	}
	return KindChain, Decided
}
