package mapping

import "github.com/llm-observatory/llmobservatoryexporter/internal/jsonval"

// OpenInference, of Arize Phoenix.
var _ = register(dialect{
	name:     "OpenInference",
	rank:     rankOpenInfer,
	versions: "openinference-instrumentation-openai 0.1.30, -llama-index 4.3; *@arizeai/openinference-instrumentation-openai* 4.2.7; -anthropic 0.2.8",
	scopes:   []string{"openinference.instrumentation.*", "@arizeai/openinference-*"},
	marks:    []string{"openinference.span.kind"},
	sources: map[field][]source{
		fProvider: {
			{attr: "llm.provider", with: openInferenceHost, note: openInferenceHosts},
			{attr: "llm.system", at: rankVercel + 1},
		},
		fRequestModel: {
			{attr: "llm.request.model_name"},
			{attr: "llm.invocation_parameters", path: "model"},
			{attr: "llm.model_name"},
			{attr: "embedding.model_name"},
			{attr: "reranker.model_name"},
		},
		fResponseModel: {
			{attr: "llm.response.model_name"},
			{attr: "llm.model_name", with: unlessRequested, note: "unless it is the request model"},
		},
		fFinishReasons: {{attr: "llm.finish_reason"}},
		fRequestParameters: {
			{attr: "llm.invocation_parameters", as: asBody},
			{attr: "embedding.invocation_parameters", as: asBody},
		},
		fStreaming:     {{attr: "llm.invocation_parameters", path: "stream"}},
		fTTFT:          {{event: "First Token Stream Event", at: rankEvents, streams: true}},
		fInputTokens:   {{attr: "llm.token_count.prompt"}},
		fOutputTokens:  {{attr: "llm.token_count.completion"}},
		fTotalTokens:   {{attr: "llm.token_count.total", at: rankLegacy + 20}},
		fCacheRead:     {{attr: "llm.token_count.prompt_details.cache_read"}, {attr: "llm.token_count.prompt_details.cache_input"}},
		fCacheCreation: {{attr: "llm.token_count.prompt_details.cache_write"}},
		fReasoning:     {{attr: "llm.token_count.completion_details.reasoning", at: rankLegacy + 20}},
		fInputCost:     {{attr: "llm.cost.prompt"}},
		fOutputCost:    {{attr: "llm.cost.completion"}},
		fTotalCost:     {{attr: "llm.cost.total"}},
		fTags:          {{attr: "tag.tags"}},
		fPromptName:    {{attr: "prompt.id", at: rankVercel + 10}},
		fPromptVersion: {{attr: "llm.prompt_template.version", at: rankVercel + 10}},
		fAgentName: {
			{attr: "agent.name"},
			{attr: "graph.node.name", only: kindsOf(KindAgent), at: rankLast},
			{attr: "graph.node.id", only: kindsOf(KindAgent), at: rankLast},
		},
		fToolName:   {{attr: "tool.name"}},
		fToolCallID: {{attr: "tool.id"}, {attr: "tool_call.id"}, {attr: "tool.call_id"}, {attr: "output.value", with: toolMessageID, note: ofToolMessage, at: rankEvents}},
		fEmbeddingDimensions: {
			{attr: "embedding.embeddings.#", with: firstVector, note: "length of the first vector"},
		},
		fInputMessages: {
			{attr: "llm.input_messages.#", drop: openInferenceWraps},
			{attr: "llm.prompts.#", drop: []string{"prompt"}},
			{attr: "llm.prompts"},
			{attr: "input.value", only: onlyLLM, as: asBody, at: rankEvents + 10},
		},
		fOutputMessages: {
			{attr: "llm.output_messages.#", drop: openInferenceWraps},
			{attr: "llm.choices.#", drop: []string{"completion"}},
			{attr: "output.value", only: onlyLLM, as: asBody, at: rankEvents + 10},
			{attr: "output.value", only: onlyLLM, path: "output", at: rankEvents + 10},
		},
		fSystemInstructions: {{attr: "llm.invocation_parameters", path: "system|instructions", mixed: true}},
		fToolDefinitions: {
			{attr: "llm.tools.#", drop: []string{"tool", "json_schema"}},
			{attr: "llm.invocation_parameters", path: "tools", mixed: true, at: rankLast},
		},
		fToolArguments: {{attr: "input.value"}, {attr: "tool.parameters"}},
		fToolResult:    {{attr: "output.value"}},
		fRetrievalQuery: {
			{attr: "reranker.query"},
			{attr: "input.value", only: kindsOf(KindRetriever)},
		},
		fDocuments: {
			{attr: "retrieval.documents.#", drop: []string{"document"}},
			{attr: "reranker.output_documents.#", drop: []string{"document"}},
		},
	},
	kinds: []kindRule{
		{at: kindByInference, attr: "openinference.span.kind", values: map[string]Kind{
			"llm": KindLLM, "embedding": KindEmbedding, "tool": KindTool, "agent": KindAgent, "chain": KindChain,
			"retriever": KindRetriever, "reranker": KindReranker, "guardrail": KindGuardrail, "evaluator": KindEvaluator, "prompt": KindPrompt,
		}},
	},
	words: []string{
		"input.value", "output.value", "embedding.embeddings.#", "reranker.input_documents.#",
		"llm.prompt_template.template", "llm.prompt_template.variables", "tool.parameters", "tool.json_schema",
	},
	completion: []string{"llm.prompts.#", "llm.prompts", "llm.choices.#"},
})

var openInferenceWraps = []string{"message", "message_content", "tool_call"}

const openInferenceHosts = "with `llm.system`: azure and openai are azure.ai.openai, azure alone azure.ai.inference, " +
	"google and vertexai gcp.vertex_ai"

// openInferenceHost combines the host (llm.provider) with the product (llm.system).
func openInferenceHost(r *reading, v value) value {
	host, _ := v.str()
	system, _ := r.attr("llm.system").str()
	switch lower(host) {
	case "azure":
		if lower(system) == "openai" {
			return r.textValue("azure.ai.openai")
		}
		return r.textValue("azure.ai.inference")
	case "google":
		if lower(system) == "vertexai" {
			return r.textValue("gcp.vertex_ai")
		}
	}
	return v
}

// unlessRequested drops the model that was asked for: what is left is the one that
// answered.
func unlessRequested(r *reading, v value) value {
	if s, _ := v.str(); s == r.out.RequestModel {
		return value{}
	}
	return v
}

// firstVector counts the dimensions of the first embedding.
func firstVector(r *reading, v value) value {
	for _, h := range r.hits {
		if h.slot == v.list-1 && h.index == 0 && h.rest == "embedding.vector" {
			return r.lengthOf(value{attr: h.value})
		}
	}
	return value{}
}

// lengthOf is the length of a list as a value.
func (r *reading) lengthOf(v value) value {
	n := r.parseOnce(v)
	if n.Kind() != jsonval.Array || n.Len() == 0 {
		return value{}
	}
	return value{node: r.doc.Int(int64(n.Len()))}
}
