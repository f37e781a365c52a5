package mapping

import "strings"

// AgentOps: decorators that tell arguments and results, and clients in the former
// conventions.
var _ = register(dialect{
	name:     "AgentOps",
	versions: "*agentops* 0.4.21",
	scopes:   []string{"agentops*"},
	marks:    []string{"agentops.span.kind", "agentops.entity.name"},
	sources: map[field][]source{
		fStreaming:       {{attr: "gen_ai.request.streaming", at: libraryNames2}},
		fTTFT:            {{attr: "gen_ai.streaming.time_to_first_token", as: asSeconds, streams: true}},
		fTotalCost:       {{attr: "gen_ai.usage.total_cost"}},
		fTags:            {{attr: "agentops.tags"}},
		fAgentName:       {{attr: "agentops.entity.name", only: kindsOf(KindAgent)}, {attr: "operation.name", own: true, only: kindsOf(KindAgent)}},
		fToolName:        {{attr: "agentops.entity.name"}, {attr: "operation.name", own: true}},
		fToolCallID:      {{attr: "tool.call.id"}},
		fToolDefinitions: {{attr: "gen_ai.request.functions.#"}},
		fInputMessages:   {{attr: "agentops.entity.input", as: asText, only: agentOpsTalks, at: last1}},
		fOutputMessages:  {{attr: "agentops.entity.output", as: asText, only: agentOpsTalks, at: last1}},
		fToolArguments:   {{attr: "agentops.tool.input"}, {attr: "agentops.entity.input"}, {attr: "tool.parameters", own: true}},
		fToolResult:      {{attr: "agentops.tool.output"}, {attr: "agentops.entity.output"}, {attr: "tool.result", own: true}},
	},
	kinds: []kindRule{
		{at: kindByIntent, attr: "agentops.span.kind", own: true, of: agentOpsRequest, note: "tool, with no result of a span named `tool_call.…` → other"},
		{at: kindByIntent, attr: "tool.parameters", own: true, of: agentOpsRequest, note: "with no result of a span named `tool_call.…` → other"},
		{at: kindByTraceloop, attr: "agentops.span.kind", of: agentOpsKind, note: "also after `AgentOpsSpanKindValues.`: " +
			"`session` `task` `workflow` `operation` → chain; `agent` `tool` `llm` `guardrail`"},
	},
	words: []string{"agentops.task.input", "agentops.task.output"},
})

// agentOpsTalks are the kinds of spans whose input and output are plain text.
var agentOpsTalks = kindsOf(KindAgent, KindChain)

var agentOpsKinds = map[string]Kind{
	"session": KindChain, "task": KindChain, "workflow": KindChain, "operation": KindChain, "chain": KindChain, "team": KindChain,
	"agent": KindAgent, "tool": KindTool, "llm": KindLLM, "client": KindOther, "guardrail": KindGuardrail, "text": KindOther,
}

func agentOpsKind(_ Reading, kind string) (Kind, verdict) {
	k, ok := agentOpsKinds[strings.ToLower(kind[strings.LastIndexByte(kind, '.')+1:])]
	if !ok {
		return KindOther, undecided
	}
	return k, decided
}

// agentOpsRequest knows what is only a model's request to call a tool: the run of the
// tool is a span of its own.
func agentOpsRequest(r Reading, _ string) (Kind, verdict) {
	if strings.HasPrefix(r.Span().Name(), "tool_call.") && !r.attr("agentops.tool.output").exists() && !r.attr("agentops.entity.output").exists() {
		return KindOther, decided
	}
	return KindOther, undecided
}
