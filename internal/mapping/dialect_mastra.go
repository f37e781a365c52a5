package mapping

import "strings"

// Mastra. Up to exporter 0.3 the steps are the calls and their words have bare names;
// since 1 each inference is a call, with its words under mastra.TYPE.
var _ = register(dialect{
	name:     "Mastra",
	versions: "*@mastra/otel-exporter* 0.3.3 and 1.4.0 (Mastra 1.71), *@mastra/arize* 1.3.8",
	scopes:   []string{"@mastra/*"},
	marks:    []string{"mastra.span.type"},
	sources: map[field][]source{
		fProvider:      {{attr: "modelMetadata", own: true, path: "modelProvider"}, {attr: "mastra.metadata.modelMetadata", path: "modelProvider", only: modelKinds}},
		fRequestModel:  {{attr: "modelMetadata", own: true, path: "modelId"}, {attr: "mastra.metadata.modelMetadata", path: "modelId", only: modelKinds}},
		fResponseModel: {{attr: "modelId", own: true}},
		fTTFT:          {{attr: "mastra.completion_start_time", as: asTime, only: onlyLLM}},
		fAgentID:       {{attr: "agent.id", own: true}},
		fUserID:        {{attr: "userId", own: true, at: last1}, {attr: "mastra.metadata.userId"}},
		fSessionID: {
			{attr: "mastra.metadata.threadId", at: metadata1},
			{attr: "mastra.metadata.sessionId", at: metadata1},
			{attr: "sessionId", own: true, at: last1},
			{attr: "threadId", own: true, at: last1},
		},
		fTags:              {{attr: "mastra.tags"}},
		fErrorMessage:      {{attr: "mastra.error.message"}, {attr: "error.message", own: true}},
		fRequestParameters: {{attr: "input", own: true, path: "body", only: onlyLLM, at: last1}},
		fInputMessages: append([]source{
			{attr: "input", own: true, path: "body.messages", only: onlyLLM, at: last1},
			{attr: "input", own: true, as: asBody, only: mastraTalks, at: last1},
		}, mastraWords(".input", source{as: asBody, only: messageKinds})...),
		fOutputMessages: append([]source{
			{attr: "output", own: true, as: asBody, only: mastraTalks, at: last1},
		}, mastraWords(".output", source{as: asBody, only: messageKinds})...),
		fToolArguments: append([]source{{attr: "input", own: true, at: last1}}, mastraWords(".input", source{only: onlyTool})...),
		fToolResult:    append([]source{{attr: "output", own: true, at: last1}}, mastraWords(".output", source{only: onlyTool})...),
	},
	kinds: []kindRule{
		{at: kindByIntent, attr: "mastra.span.type", values: map[string]Kind{"model_chunk": KindOther}},
		{at: kindByOthers, attr: "mastra.span.type", of: mastraKind, note: "`workflow…` → chain", values: map[string]Kind{
			"agent_run": KindAgent, "model_generation": KindLLM, "model_step": KindLLM, "model_inference": KindLLM,
			"tool_call": KindTool, "mcp_tool_call": KindTool, "processor_run": KindGuardrail,
		}},
	},
	words: []string{"mastra.input", "mastra.output", "mastra.metadata.body", "mastra.metadata.headers", "mastra.*.input", "mastra.*.output"},
})

// mastraTalks are the kinds of spans whose input and output are a conversation.
var mastraTalks = kindsOf(KindLLM, KindAgent)

// mastraWords lists what carries words on the spans of each type.
func mastraWords(end string, like source) (list []source) {
	for _, typ := range [...]string{
		"agent_run", "model_generation", "model_step", "model_inference", "tool_call", "mcp_tool_call", "client_tool_call",
		"workflow_run", "workflow_step", "processor_run", "generic",
	} {
		like.attr = "mastra." + typ + end
		list = append(list, like)
	}
	return list
}

func mastraKind(_ Reading, typ string) (Kind, verdict) {
	if strings.HasPrefix(typ, "workflow") {
		return KindChain, decided
	}
	return KindOther, undecided
}
