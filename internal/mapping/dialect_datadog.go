package mapping

import "strings"

// Datadog's tracer: gen_ai attributes for the call's figures, everything else in
// MessagePack. A span is named after its resource.
var _ = register(dialect{
	name:     "Datadog LLM Observability",
	versions: "*ddtrace* (Python) 4.16.0",
	marks:    []string{"_llmobs", "_dd.llmobs.span_kind", "_dd.llmobs.enabled"},
	sources: map[field][]source{
		fProvider:          {{attr: "openai.request.provider", own: true}, {attr: "anthropic.request.provider", own: true}},
		fRequestModel:      {{attr: "openai.request.model", own: true, at: exactNames}, {attr: "anthropic.request.model", own: true, at: exactNames}, {attr: "_llmobs", path: "meta.model_name"}},
		fResponseModel:     {{attr: "openai.response.model", own: true}},
		fRequestParameters: {{attr: "_llmobs", path: "meta.metadata", as: asBody, only: onlyLLM, with: without("finish_reason", "stop_reason", "agent_attribution", "_dd", "tools"), note: "but `finish_reason` and agent attribution"}},
		fFinishReasons:     {{attr: "_llmobs", path: "meta.metadata.finish_reason"}, {attr: "_llmobs", path: "meta.metadata.stop_reason"}},
		fInputTokens:       {{attr: "_llmobs", path: "metrics.input_tokens"}},
		fOutputTokens:      {{attr: "_llmobs", path: "metrics.output_tokens"}},
		fTotalTokens:       {{attr: "_llmobs", path: "metrics.total_tokens"}},
		fCacheRead:         {{attr: "_llmobs", path: "metrics.cache_read_input_tokens"}},
		fCacheCreation:     {{attr: "_llmobs", path: "metrics.cache_write_input_tokens"}},
		fReasoning:         {{attr: "gen_ai.usage.reasoning_output_tokens", at: libraryNames1}, {attr: "_llmobs", path: "metrics.reasoning_output_tokens"}},
		fUserID:            {{attr: "_llmobs", path: "user_id"}},
		fSessionID:         {{attr: "_llmobs", path: "session_id"}},
		fEnvironment:       {{attr: "env", own: true, at: last1}},
		fRelease:           {{attr: "version", own: true, at: last1}},
		fAgentName:         {{attr: "operation.name", own: true, only: kindsOf(KindAgent), with: datadogName, note: datadogNames}, {attr: "_dd.p.llmobs_pagent_name", with: notOfIntegration, note: "unless it is an integration's"}, {as: asName, own: true, only: kindsOf(KindAgent), at: last1}},
		fToolName:          {{attr: "operation.name", own: true, with: datadogName, note: datadogNames}},
		fErrorMessage:      {{attr: "error.message", own: true}},
		fInputMessages:     {{attr: "_llmobs", path: "meta.input.messages"}, {attr: "_llmobs", path: "meta.input.value", as: asBody}},
		fOutputMessages:    {{attr: "_llmobs", path: "meta.output.messages"}, {attr: "_llmobs", path: "meta.output.value", as: asBody}},
		fToolDefinitions:   {{attr: "_llmobs", path: "meta.tool_definitions"}},
		fToolArguments:     {{attr: "_llmobs", path: "meta.input.value"}},
		fToolResult:        {{attr: "_llmobs", path: "meta.output.value"}},
		fRetrievalQuery:    {{attr: "_llmobs", path: "meta.input.value"}},
		fDocuments:         {{attr: "_llmobs", path: "meta.output.documents"}},
	},
	kinds: []kindRule{
		{at: kindByOperation, attr: "gen_ai.operation.name", own: true, values: datadogKinds},
		{at: kindByOthers, attr: "_dd.llmobs.span_kind", values: datadogKinds},
	},
	words: []string{"error.stack", "_llmobs"},
})

const datadogNames = "or the name of the span, where an integration names its operations `langchain.request`"

// datadogName is the name of what a program decorated. The spans of integrations have the name of
// what they run.
func datadogName(r Reading, v value) value {
	if v = notOfIntegration(r, v); v.exists() || r.Kind() == KindAgent {
		return v
	}
	return r.textValue(r.Span().Name())
}

// notOfIntegration passes over the names of operations of integrations, which have dots.
func notOfIntegration(_ Reading, v value) value {
	if name, _ := v.str(); strings.Contains(name, ".") {
		return value{}
	}
	return v
}

var datadogKinds = map[string]Kind{
	"llm": KindLLM, "agent": KindAgent, "tool": KindTool, "workflow": KindChain, "task": KindChain, "step": KindChain,
	"embedding": KindEmbedding, "retrieval": KindRetriever, "experiment": KindEvaluator,
}
