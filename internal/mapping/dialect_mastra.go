package mapping

import "strings"

// Mastra.
var _ = register(dialect{
	name:     "Mastra",
	rank:     rankFramework + 60,
	versions: "@mastra/otel-exporter 0.3.3",
	scopes:   []string{"@mastra/*"},
	marks:    []string{"mastra.span.type"},
	sources: map[field][]source{
		fProvider:      {{attr: "modelMetadata", own: true, path: "modelProvider"}},
		fRequestModel:  {{attr: "modelMetadata", own: true, path: "modelId"}},
		fResponseModel: {{attr: "modelId", own: true}},
		fAgentID:       {{attr: "agent.id", own: true}},
		fUserID:        {{attr: "userId", own: true, at: rankLast}},
		fSessionID: {
			{attr: "mastra.metadata.threadId", at: rankFramework + 55},
			{attr: "sessionId", own: true, at: rankLast},
			{attr: "threadId", own: true, at: rankLast},
		},
		fRequestParameters: {{attr: "input", own: true, path: "body", only: onlyLLM, at: rankLast}},
		fInputMessages: {
			{attr: "input", own: true, path: "body.messages", only: onlyLLM, at: rankLast},
			{attr: "input", own: true, as: asBody, only: mastraTalks, at: rankLast},
		},
		fOutputMessages: {{attr: "output", own: true, as: asBody, only: mastraTalks, at: rankLast}},
		fToolArguments:  {{attr: "input", own: true, at: rankLast}},
		fToolResult:     {{attr: "output", own: true, at: rankLast}},
	},
	kinds: []kindRule{
		{at: kindByOthers, attr: "mastra.span.type", of: mastraKind, note: "`workflow…` → chain", values: map[string]Kind{
			"agent_run": KindAgent, "model_generation": KindLLM, "model_step": KindLLM, "model_chunk": KindOther,
			"tool_call": KindTool, "mcp_tool_call": KindTool,
		}},
	},
	words: []string{"mastra.input", "mastra.output"},
})

// mastraTalks are the kinds of spans whose input and output are a conversation.
var mastraTalks = kindsOf(KindLLM, KindAgent)

func mastraKind(_ *reading, typ string) (Kind, verdict) {
	if strings.HasPrefix(typ, "workflow") {
		return KindChain, decided
	}
	return KindOther, undecided
}
