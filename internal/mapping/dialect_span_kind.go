package mapping

// spanKinds of the tracers that name a span's kind as OpenInference does.
var spanKindValues = map[string]Kind{
	"llm": KindLLM, "generation": KindLLM, "chat": KindLLM, "embedding": KindEmbedding, "retriever": KindRetriever, "reranker": KindReranker,
	"rerank": KindReranker, "tool": KindTool, "agent": KindAgent, "chain": KindChain, "task": KindChain, "step": KindChain, "workflow": KindChain,
	"entry": KindChain, "guardrail": KindGuardrail, "evaluator": KindEvaluator, "prompt": KindPrompt, "memory": KindOther, "vector_db": KindRetriever,
}

// The tracers of Alibaba Cloud: LoongSuite and ARMS, and Dify's exporter to them.
var _ = register(dialect{
	name:       "LoongSuite and Dify (gen_ai.span.kind)",
	convention: true,
	versions:   "loongsuite-instrumentation 0.9; Dify 1 (source: aliyun_trace/entities/semconv.py)",
	scopes:     []string{"loongsuite.*", "aliyun.*", "opentelemetry.instrumentation.dashscope*"},
	marks:      []string{"gen_ai.span.kind"},
	sources: map[field][]source{
		fRequestModel:  {{attr: "gen_ai.model_name", at: last1}},
		fResponseModel: {{attr: "gen_ai.model_name", with: unlessRequested, note: "unless it is the request model", at: last1}},
		fUserID:        {{attr: "gen_ai.user.id", at: libraryNames1}},
		fSessionID:     {{attr: "gen_ai.session.id", at: otherNames1}},
		fTTFT: {
			{attr: "gen_ai.user.time_to_first_token", as: asNanos, streams: true},
			{attr: "gen_ai.response.time_to_first_token", as: asNanos, streams: true},
		},
		fInputMessages: {{attr: "input.value", own: true, as: asText, only: kindsOf(KindAgent, KindChain, KindGuardrail), at: last1}},
		fOutputMessages: {
			{attr: "output.value", own: true, as: asText, only: kindsOf(KindAgent, KindChain, KindGuardrail), at: last1},
		},
		fRetrievalQuery: {{attr: "retrieval.query"}, {attr: "gen_ai.rerank.query.text"}},
		fDocuments:      {{attr: "retrieval.document"}, {attr: "gen_ai.rerank.documents"}},
		fToolArguments:  {{attr: "gen_ai.tool.parameters", at: libraryNames3}},
	},
	kinds: []kindRule{{at: kindByInference, attr: "gen_ai.span.kind", values: spanKindValues}},
	words: []string{"gen_ai.rerank.input_documents", "gen_ai.user.name"},
})

// traceAI, of Future AGI: OpenInference's indexed messages under the names of the
// current conventions.
var _ = register(dialect{
	name:     "traceAI (Future AGI)",
	versions: "*traceai-openai* 0.1.10, *-openai-agents* 0.1.6, *-langchain* 0.2.0; older with fi.span.kind",
	scopes:   []string{"traceai_*", "fi.*"},
	marks:    []string{"fi.span.kind"},
	sources: map[field][]source{
		fRequestModel: {
			{attr: "gen_ai.request.parameters", path: "model", own: true, at: exactNames},
			{attr: "gen_ai.request.parameters", path: "model", at: otherNames1},
		},
		fResponseModel:     {{attr: "gen_ai.request.model", own: true, with: unlessRequested, note: "unless it is the request model"}},
		fResponseID:        {{attr: "gen_ai.request.parameters", path: "id", own: true, at: last1}},
		fRequestParameters: {{attr: "gen_ai.request.parameters", as: asBody, with: without("id", "created_at", "metadata"), note: "but what a response says"}},
		fStreaming:         {{attr: "gen_ai.request.parameters", path: "stream"}},
		fCacheRead:         {{attr: "gen_ai.usage.input_tokens.cache_read", at: libraryNames1}},
		fReasoning:         {{attr: "gen_ai.usage.output_tokens.reasoning", at: libraryNames1}},
		fInputMessages:     {{attr: "gen_ai.input.messages.#", drop: openInferenceWraps}},
		fOutputMessages:    {{attr: "gen_ai.output.messages.#", drop: openInferenceWraps}},
		fToolDefinitions:   {{attr: "gen_ai.tool.definitions.#", drop: []string{"tool", "json_schema"}}},
	},
	kinds: []kindRule{
		{at: kindByIntent, own: true, of: traceAINothing, note: "the OpenAI client's without messages, tokens and error → other"},
		{at: kindByInference, attr: "fi.span.kind", values: spanKindValues},
	},
})

// traceAINothing knows the requests of OpenAI's client that ask no model for an answer.
func traceAINothing(r Reading, _ string) (Kind, verdict) {
	if kind, _ := r.attr("gen_ai.span.kind").str(); kind == "LLM" && r.ScopeName() == "traceai_openai" && askedNothing(r, "gen_ai.") {
		return KindOther, decided
	}
	return KindOther, undecided
}

// VeADK, of Volcano Engine: events whose attributes are flattened messages, and the
// arguments of a tool within its description.
var _ = register(dialect{
	name:     "VeADK (Volcano Engine)",
	versions: "veadk-python 0.2 (source: tracing/telemetry/attributes/extractors)",
	scopes:   []string{"veadk*"},
	marks:    []string{"cozeloop.input", "cozeloop.output", "gen_ai.system=veadk"},
	sources: map[field][]source{
		fToolArguments: {{attr: "cozeloop.input", path: "parameters"}, {attr: "gen_ai.tool.input", path: "parameters", own: true, at: libraryNames1}},
		fToolResult:    {{attr: "cozeloop.output", path: "response"}, {attr: "gen_ai.tool.output", path: "response", own: true, at: libraryNames1}},
	},
})
