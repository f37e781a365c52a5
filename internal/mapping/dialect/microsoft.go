package dialect

import "strings"

// Microsoft's agents: the Agent Framework (Python and .NET), Microsoft.Extensions.AI
// and Semantic Kernel follow the conventions, with names of their own around them.
var _ = register(Dialect{
	Name:     "Microsoft Agent Framework, Extensions.AI, Semantic Kernel",
	Versions: "*agent-framework* 1.23.0; Microsoft.Extensions.AI 9.5; Semantic Kernel .NET 1.55, *semantic-kernel* (Python) 1.45.0",
	Scopes: []string{
		"agent_framework", "Experimental.Microsoft.Agents.AI*", "Experimental.Microsoft.Extensions.AI*", "Microsoft.Agents.AI*",
		"Microsoft.Extensions.AI*", "Microsoft.SemanticKernel*", "semantic_kernel.*",
	},
	Sources: map[Field][]Source{
		InputTokens: {
			{Attr: "gen_ai.response.input_tokens", At: otherNames2},
			{Attr: "gen_ai.response.prompt_tokens", At: otherNames2},
		},
		OutputTokens: {
			{Attr: "gen_ai.response.output_tokens", At: otherNames2},
			{Attr: "gen_ai.response.completion_tokens", At: otherNames2},
		},
		ToolArguments: {{Attr: "gen_ai.tool.arguments", At: otherNames1}},
		ToolResult:    {{Attr: "gen_ai.tool.result", At: otherNames1}},
	},
	Kinds: []KindRule{
		{Group: kindByIntent, Own: true, Of: invokedAgent, Note: "`invoke_agent …` → agent, though the operation is chat: .NET until 1.0"},
		{Group: kindByOthers, Own: true, Of: agentFrameworkKind, Note: "`workflow.…` `executor.process …` `edge_group.process …` `message.send` `orchestrate_tools` → chain"},
	},
	Words: []string{"workflow.definition"},
})

func agentFrameworkKind(_ Reading, name string) (Kind, Verdict) {
	switch head, _, _ := strings.Cut(name, " "); head {
	case "workflow.run", "workflow.build", "workflow_invoke", "workflow.session", "executor.process", "edge_group.process", "message.send", "orchestrate_tools":
		return KindChain, Decided
	}
	return KindOther, Undecided
}

// invokedAgent knows the span of an agent that has the operation of the call in it.
func invokedAgent(r Reading, name string) (Kind, Verdict) {
	if strings.HasPrefix(name, "invoke_agent ") && r.Attr("gen_ai.agent.name").Exists() {
		return KindAgent, Decided
	}
	return KindOther, Undecided
}
