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
		{At: kindByIntent, Own: true, Of: invokedAgent, Note: "`invoke_agent …` → agent, though the operation is chat: .NET until 1.0"},
		{At: kindByOthers, Own: true, Of: agentFrameworkKind, Note: "`workflow.…` `executor.process …` `edge_group.process …` `message.send` `orchestrate_tools` → chain"},
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

// Agent 365, of Microsoft.
var _ = register(Dialect{
	Name:     "Microsoft Agent 365",
	Versions: "*microsoft-agents-a365-observability* 2.0.0",
	Scopes:   []string{"Agent365Sdk"},
	Marks:    []string{"microsoft.a365.agent.blueprint.id", "telemetry.sdk.name=A365ObservabilitySDK"},
	Sources: map[Field][]Source{
		SessionID: {{Attr: "microsoft.session.id", At: Last1}},
		InputMessages: {
			{Attr: "microsoft.security.content.input.value", As: AsText, Only: KindsOf(KindGuardrail)},
		},
		OutputMessages: {
			{Attr: "microsoft.security.content.output.value", As: AsText, Only: KindsOf(KindGuardrail)},
		},
	},
	Kinds: []KindRule{
		{At: kindByOperation, Attr: "gen_ai.operation.name", Own: true, Values: map[string]Kind{
			"apply_guardrail": KindGuardrail, "invokeagent": KindAgent, "executetool": KindTool, "inferencecall": KindLLM, "outputmessages": KindOther,
		}},
	},
})

// The server that hosts agents in Foundry.
var _ = register(Dialect{
	Name:     "Azure AI Agent Server",
	Versions: "azure-ai-agentserver (source: InvocationsActivitySource.cs)",
	Scopes:   []string{"Azure.AI.AgentServer*", "azure.ai.agentserver*"},
	Marks:    []string{"gen_ai.system=azure.ai.agentserver", "azure.ai.agentserver.agent.name", "azure.ai.agentserver.session.id"},
	Sources: map[Field][]Source{
		AgentName: {{Attr: "azure.ai.agentserver.agent.name"}},
		SessionID: {{Attr: "azure.ai.agentserver.session.id", At: Last1}},
	},
})

// Azure AI Agents: runs on the server, that a client starts and polls.
var _ = register(Dialect{
	Name:     "Azure AI Agents",
	Versions: "*azure-ai-agents* 1.1.0; Azure.AI.Agents.Persistent",
	Scopes:   []string{"Azure.AI.Agents.*", "azure.ai.agents*"},
	Marks:    []string{"gen_ai.system=az.ai.agents", "gen_ai.thread.id", "gen_ai.thread.run.id"},
	Sources: map[Field][]Source{
		SessionID: {{Attr: "gen_ai.thread.id", At: otherNames1}},
	},
	Kinds: []KindRule{
		{At: kindByOperation, Attr: "gen_ai.operation.name", Values: map[string]Kind{
			"start_thread_run": KindAgent, "get_thread_run": KindAgent, "process_thread_run": KindAgent,
			"submit_tool_outputs": KindOther, "create_thread": KindOther, "create_message": KindOther,
			"list_messages": KindOther, "list_run_steps": KindOther,
		}},
	},
})
