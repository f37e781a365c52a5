package dialect

import "strings"

// Mastra. Up to exporter 0.3 the steps are the calls and their words have bare names;
// since 1 each inference is a call, with its words under mastra.TYPE.
var _ = register(Dialect{
	Name:     "Mastra",
	Versions: "*@mastra/otel-exporter* 0.3.3 and 1.4.0 (Mastra 1.71), *@mastra/arize* 1.3.8",
	Scopes:   []string{"@mastra/*"},
	Marks:    []string{"mastra.span.type"},
	Sources: map[Field][]Source{
		Provider:      {{Attr: "modelMetadata", Own: true, Path: "modelProvider"}, {Attr: "mastra.metadata.modelMetadata", Path: "modelProvider", Only: ModelKinds}},
		RequestModel:  {{Attr: "modelMetadata", Own: true, Path: "modelId"}, {Attr: "mastra.metadata.modelMetadata", Path: "modelId", Only: ModelKinds}},
		ResponseModel: {{Attr: "modelId", Own: true}},
		TTFT:          {{Attr: "mastra.completion_start_time", As: AsTime, Only: OnlyLLM}},
		AgentID:       {{Attr: "agent.id", Own: true}},
		UserID:        {{Attr: "userId", Own: true, At: last1}, {Attr: "mastra.metadata.userId"}},
		SessionID: {
			{Attr: "mastra.metadata.threadId", At: metadata1},
			{Attr: "mastra.metadata.sessionId", At: metadata1},
			{Attr: "sessionId", Own: true, At: last1},
			{Attr: "threadId", Own: true, At: last1},
		},
		Tags:              {{Attr: "mastra.tags"}},
		ErrorMessage:      {{Attr: "mastra.error.message"}, {Attr: "error.message", Own: true}},
		RequestParameters: {{Attr: "input", Own: true, Path: "body", Only: OnlyLLM, At: last1}},
		InputMessages: append([]Source{
			{Attr: "input", Own: true, Path: "body.messages", Only: OnlyLLM, At: last1},
			{Attr: "input", Own: true, As: AsBody, Only: mastraTalks, At: last1},
		}, mastraWords(".input", Source{As: AsBody, Only: MessageKinds})...),
		OutputMessages: append([]Source{
			{Attr: "output", Own: true, As: AsBody, Only: mastraTalks, At: last1},
		}, mastraWords(".output", Source{As: AsBody, Only: MessageKinds})...),
		ToolArguments: append([]Source{{Attr: "input", Own: true, At: last1}}, mastraWords(".input", Source{Only: OnlyTool})...),
		ToolResult:    append([]Source{{Attr: "output", Own: true, At: last1}}, mastraWords(".output", Source{Only: OnlyTool})...),
	},
	Kinds: []KindRule{
		{Group: kindByIntent, Attr: "mastra.span.type", Values: map[string]Kind{"model_chunk": KindOther}},
		{Group: kindByOthers, Attr: "mastra.span.type", Of: mastraKind, Note: "`workflow…` → chain", Values: map[string]Kind{
			"agent_run": KindAgent, "model_generation": KindLLM, "model_step": KindLLM, "model_inference": KindLLM,
			"tool_call": KindTool, "mcp_tool_call": KindTool, "processor_run": KindGuardrail,
		}},
	},
	Words: []string{"mastra.input", "mastra.output", "mastra.metadata.body", "mastra.metadata.headers", "mastra.*.input", "mastra.*.output"},
})

// mastraTalks are the kinds of spans whose input and output are a conversation.
var mastraTalks = KindsOf(KindLLM, KindAgent)

// mastraWords lists what carries words on the spans of each type.
func mastraWords(end string, like Source) (list []Source) {
	for _, typ := range [...]string{
		"agent_run", "model_generation", "model_step", "model_inference", "tool_call", "mcp_tool_call", "client_tool_call",
		"workflow_run", "workflow_step", "processor_run", "generic",
	} {
		like.Attr = "mastra." + typ + end
		list = append(list, like)
	}
	return list
}

func mastraKind(_ Reading, typ string) (Kind, Verdict) {
	if strings.HasPrefix(typ, "workflow") {
		return KindChain, Decided
	}
	return KindOther, Undecided
}
