package dialect

import (
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// Datadog's tracer: gen_ai attributes for the call's figures, everything else in
// MessagePack. A span is named after its resource.
var _ = register(Dialect{
	Name:     "Datadog LLM Observability",
	Versions: "*ddtrace* (Python) 4.16.0",
	Marks:    []string{"_llmobs", "_dd.llmobs.span_kind", "_dd.llmobs.enabled"},
	Sources: map[Field][]Source{
		Provider:          {{Attr: "openai.request.provider", Own: true}, {Attr: "anthropic.request.provider", Own: true}},
		RequestModel:      {{Attr: "openai.request.model", Own: true, At: exactNames}, {Attr: "anthropic.request.model", Own: true, At: exactNames}, {Attr: "_llmobs", Path: "meta.model_name"}},
		ResponseModel:     {{Attr: "openai.response.model", Own: true}},
		RequestParameters: {{Attr: "_llmobs", Path: "meta.metadata", As: AsBody, Only: OnlyLLM, With: without("finish_reason", "stop_reason", "agent_attribution", "_dd", "tools"), Note: "but `finish_reason` and agent attribution"}},
		FinishReasons:     {{Attr: "_llmobs", Path: "meta.metadata.finish_reason"}, {Attr: "_llmobs", Path: "meta.metadata.stop_reason"}},
		InputTokens:       {{Attr: "_llmobs", Path: "metrics.input_tokens"}},
		OutputTokens:      {{Attr: "_llmobs", Path: "metrics.output_tokens"}},
		TotalTokens:       {{Attr: "_llmobs", Path: "metrics.total_tokens"}},
		CacheRead:         {{Attr: "_llmobs", Path: "metrics.cache_read_input_tokens"}},
		CacheCreation:     {{Attr: "_llmobs", Path: "metrics.cache_write_input_tokens"}},
		Reasoning:         {{Attr: "gen_ai.usage.reasoning_output_tokens", At: libraryNames1}, {Attr: "_llmobs", Path: "metrics.reasoning_output_tokens"}},
		UserID:            {{Attr: "_llmobs", Path: "user_id"}},
		SessionID:         {{Attr: "_llmobs", Path: "session_id"}},
		Environment:       {{Attr: "env", Own: true, At: last1}},
		Release:           {{Attr: "version", Own: true, At: last1}},
		AgentName:         {{Attr: "operation.name", Own: true, Only: KindsOf(KindAgent), With: datadogName, Note: datadogNames}, {Attr: "_dd.p.llmobs_pagent_name", With: notOfIntegration, Note: "unless it is an integration's"}, {As: AsName, Own: true, Only: KindsOf(KindAgent), At: last1}},
		ToolName:          {{Attr: "operation.name", Own: true, With: datadogName, Note: datadogNames}},
		ErrorMessage:      {{Attr: "error.message", Own: true}},
		InputMessages:     {{Attr: "_llmobs", Path: "meta.input.messages"}, {Attr: "_llmobs", Path: "meta.input.value", As: AsBody}},
		OutputMessages:    {{Attr: "_llmobs", Path: "meta.output.messages"}, {Attr: "_llmobs", Path: "meta.output.value", As: AsBody}},
		ToolDefinitions:   {{Attr: "_llmobs", Path: "meta.tool_definitions"}},
		ToolArguments:     {{Attr: "_llmobs", Path: "meta.input.value"}},
		ToolResult:        {{Attr: "_llmobs", Path: "meta.output.value"}},
		RetrievalQuery:    {{Attr: "_llmobs", Path: "meta.input.value"}},
		Documents:         {{Attr: "_llmobs", Path: "meta.output.documents"}},
	},
	Kinds: []KindRule{
		{Group: kindByOperation, Attr: "gen_ai.operation.name", Own: true, Values: datadogKinds},
		{Group: kindByOthers, Attr: "_dd.llmobs.span_kind", Values: datadogKinds},
	},
	Words: []string{"error.stack", "_llmobs"},
})

const datadogNames = "or the name of the span, where an integration names its operations `langchain.request`"

// datadogName is the name of what a program decorated. The spans of integrations have the name of
// what they run.
func datadogName(r Reading, v value.Value) value.Value {
	if v = notOfIntegration(r, v); v.Exists() || r.Kind() == KindAgent {
		return v
	}
	return r.TextValue(r.Span().Name())
}

// notOfIntegration passes over the names of operations of integrations, which have dots.
func notOfIntegration(_ Reading, v value.Value) value.Value {
	if name, _ := v.Str(); strings.Contains(name, ".") {
		return value.Value{}
	}
	return v
}

var datadogKinds = map[string]Kind{
	"llm": KindLLM, "agent": KindAgent, "tool": KindTool, "workflow": KindChain, "task": KindChain, "step": KindChain,
	"embedding": KindEmbedding, "retrieval": KindRetriever, "experiment": KindEvaluator,
}
