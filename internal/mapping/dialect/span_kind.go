package dialect

// spanKinds of the tracers that name a span's kind as OpenInference does.
var spanKindValues = map[string]Kind{
	"llm": KindLLM, "generation": KindLLM, "chat": KindLLM, "embedding": KindEmbedding, "retriever": KindRetriever, "reranker": KindReranker,
	"rerank": KindReranker, "tool": KindTool, "agent": KindAgent, "chain": KindChain, "task": KindChain, "step": KindChain, "workflow": KindChain,
	"entry": KindChain, "guardrail": KindGuardrail, "evaluator": KindEvaluator, "prompt": KindPrompt, "memory": KindOther, "vector_db": KindRetriever,
}

// The tracers of Alibaba Cloud: LoongSuite and ARMS, and Dify's exporter to them.
var _ = register(Dialect{
	Name:       "LoongSuite and Dify (gen_ai.span.kind)",
	Convention: true,
	Versions:   "loongsuite-instrumentation 0.9; Dify 1 (source: aliyun_trace/entities/semconv.py)",
	Scopes:     []string{"loongsuite.*", "aliyun.*", "opentelemetry.instrumentation.dashscope*"},
	Marks:      []string{"gen_ai.span.kind"},
	Sources: map[Field][]Source{
		RequestModel:  {{Attr: "gen_ai.model_name", At: Last1}},
		ResponseModel: {{Attr: "gen_ai.model_name", With: unlessRequested, Note: "unless it is the request model", At: Last1}},
		UserID:        {{Attr: "gen_ai.user.id", At: libraryNames1}},
		SessionID:     {{Attr: "gen_ai.session.id", At: otherNames1}},
		TTFT: {
			{Attr: "gen_ai.user.time_to_first_token", As: AsNanos, Streams: true},
			{Attr: "gen_ai.response.time_to_first_token", As: AsNanos, Streams: true},
		},
		InputMessages: {{Attr: "input.value", Own: true, As: AsText, Only: KindsOf(KindAgent, KindChain, KindGuardrail), At: Last1}},
		OutputMessages: {
			{Attr: "output.value", Own: true, As: AsText, Only: KindsOf(KindAgent, KindChain, KindGuardrail), At: Last1},
		},
		RetrievalQuery: {{Attr: "retrieval.query"}, {Attr: "gen_ai.rerank.query.text"}},
		Documents:      {{Attr: "retrieval.document"}, {Attr: "gen_ai.rerank.documents"}},
		ToolArguments:  {{Attr: "gen_ai.tool.parameters", At: libraryNames3}},
	},
	Kinds: []KindRule{{At: kindByInference, Attr: "gen_ai.span.kind", Values: spanKindValues}},
	Words: []string{"gen_ai.rerank.input_documents", "gen_ai.user.name"},
})

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
		ResponseID:        {{Attr: "gen_ai.request.parameters", Path: "id", Own: true, At: Last1}},
		RequestParameters: {{Attr: "gen_ai.request.parameters", As: AsBody, With: without("id", "created_at", "metadata"), Note: "but what a response says"}},
		Streaming:         {{Attr: "gen_ai.request.parameters", Path: "stream"}},
		CacheRead:         {{Attr: "gen_ai.usage.input_tokens.cache_read", At: libraryNames1}},
		Reasoning:         {{Attr: "gen_ai.usage.output_tokens.reasoning", At: libraryNames1}},
		InputMessages:     {{Attr: "gen_ai.input.messages.#", Drop: openInferenceWraps}},
		OutputMessages:    {{Attr: "gen_ai.output.messages.#", Drop: openInferenceWraps}},
		ToolDefinitions:   {{Attr: "gen_ai.tool.definitions.#", Drop: []string{"tool", "json_schema"}}},
	},
	Kinds: []KindRule{
		{At: kindByIntent, Own: true, Of: traceAINothing, Note: "the OpenAI client's without messages, tokens and error → other"},
		{At: kindByInference, Attr: "fi.span.kind", Values: spanKindValues},
	},
})

// traceAINothing knows the requests of OpenAI's client that ask no model for an answer.
func traceAINothing(r Reading, _ string) (Kind, Verdict) {
	if kind, _ := r.Attr("gen_ai.span.kind").Str(); kind == "LLM" && r.ScopeName() == "traceai_openai" && askedNothing(r, "gen_ai.") {
		return KindOther, Decided
	}
	return KindOther, Undecided
}

// VeADK, of Volcano Engine: events whose attributes are flattened messages, and the
// arguments of a tool within its description.
var _ = register(Dialect{
	Name:     "VeADK (Volcano Engine)",
	Versions: "veadk-python 0.2 (source: tracing/telemetry/attributes/extractors)",
	Scopes:   []string{"veadk*"},
	Marks:    []string{"cozeloop.input", "cozeloop.output", "gen_ai.system=veadk"},
	Sources: map[Field][]Source{
		ToolArguments: {{Attr: "cozeloop.input", Path: "parameters"}, {Attr: "gen_ai.tool.input", Path: "parameters", Own: true, At: libraryNames1}},
		ToolResult:    {{Attr: "cozeloop.output", Path: "response"}, {Attr: "gen_ai.tool.output", Path: "response", Own: true, At: libraryNames1}},
	},
})
