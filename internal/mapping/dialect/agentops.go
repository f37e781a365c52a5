package dialect

import "strings"

// AgentOps: decorators that tell arguments and results, and clients in the former
// conventions.
var _ = register(Dialect{
	Name:     "AgentOps",
	Versions: "*agentops* 0.4.21",
	Scopes:   []string{"agentops*"},
	Marks:    []string{"agentops.span.kind", "agentops.entity.name"},
	Sources: map[Field][]Source{
		Streaming:       {{Attr: "gen_ai.request.streaming", At: libraryNames2}},
		TTFT:            {{Attr: "gen_ai.streaming.time_to_first_token", As: AsSeconds, Streams: true}},
		TotalCost:       {{Attr: "gen_ai.usage.total_cost"}},
		Tags:            {{Attr: "agentops.tags"}},
		AgentName:       {{Attr: "agentops.entity.name", Only: KindsOf(KindAgent)}, {Attr: "operation.name", Own: true, Only: KindsOf(KindAgent)}},
		ToolName:        {{Attr: "agentops.entity.name"}, {Attr: "operation.name", Own: true}},
		ToolCallID:      {{Attr: "tool.call.id"}},
		ToolDefinitions: {{Attr: "gen_ai.request.functions.#"}},
		InputMessages:   {{Attr: "agentops.entity.input", As: AsText, Only: agentOpsTalks, At: last1}},
		OutputMessages:  {{Attr: "agentops.entity.output", As: AsText, Only: agentOpsTalks, At: last1}},
		ToolArguments:   {{Attr: "agentops.tool.input"}, {Attr: "agentops.entity.input"}, {Attr: "tool.parameters", Own: true}},
		ToolResult:      {{Attr: "agentops.tool.output"}, {Attr: "agentops.entity.output"}, {Attr: "tool.result", Own: true}},
	},
	Kinds: []KindRule{
		{Group: kindByIntent, Attr: "agentops.span.kind", Own: true, Of: agentOpsRequest, Note: "tool, with no result of a span named `tool_call.…` → other"},
		{Group: kindByIntent, Attr: "tool.parameters", Own: true, Of: agentOpsRequest, Note: "with no result of a span named `tool_call.…` → other"},
		{Group: kindByTraceloop, Attr: "agentops.span.kind", Of: agentOpsKind, Note: "also after `AgentOpsSpanKindValues.`: " +
			"`session` `task` `workflow` `operation` → chain; `agent` `tool` `llm` `guardrail`"},
	},
	Words: []string{"agentops.task.input", "agentops.task.output"},
})

// agentOpsTalks are the kinds of spans whose input and output are plain text.
var agentOpsTalks = KindsOf(KindAgent, KindChain)

var agentOpsKinds = map[string]Kind{
	"session": KindChain, "task": KindChain, "workflow": KindChain, "operation": KindChain, "chain": KindChain, "team": KindChain,
	"agent": KindAgent, "tool": KindTool, "llm": KindLLM, "client": KindOther, "guardrail": KindGuardrail, "text": KindOther,
}

func agentOpsKind(_ Reading, kind string) (Kind, Verdict) {
	k, ok := agentOpsKinds[strings.ToLower(kind[strings.LastIndexByte(kind, '.')+1:])]
	if !ok {
		return KindOther, Undecided
	}
	return k, Decided
}

// agentOpsRequest knows what is only a model's request to call a tool: the run of the
// tool is a span of its own.
func agentOpsRequest(r Reading, _ string) (Kind, Verdict) {
	if strings.HasPrefix(r.Span().Name(), "tool_call.") && !r.Attr("agentops.tool.output").Exists() && !r.Attr("agentops.entity.output").Exists() {
		return KindOther, Decided
	}
	return KindOther, Undecided
}
