package mapping

import "strings"

// Microsoft's agents: the Agent Framework (Python and .NET), Microsoft.Extensions.AI
// and Semantic Kernel follow the conventions, with names of their own around them.
var _ = register(dialect{
	name:     "Microsoft Agent Framework, Extensions.AI, Semantic Kernel",
	versions: "*agent-framework* 1.23.0; Microsoft.Extensions.AI 9.5; Semantic Kernel .NET 1.55, *semantic-kernel* (Python) 1.45.0",
	scopes: []string{
		"agent_framework", "Experimental.Microsoft.Agents.AI*", "Experimental.Microsoft.Extensions.AI*", "Microsoft.Agents.AI*",
		"Microsoft.Extensions.AI*", "Microsoft.SemanticKernel*", "semantic_kernel.*",
	},
	sources: map[field][]source{
		fInputTokens: {
			{attr: "gen_ai.response.input_tokens", at: otherNames2},
			{attr: "gen_ai.response.prompt_tokens", at: otherNames2},
		},
		fOutputTokens: {
			{attr: "gen_ai.response.output_tokens", at: otherNames2},
			{attr: "gen_ai.response.completion_tokens", at: otherNames2},
		},
		fToolArguments: {{attr: "gen_ai.tool.arguments", at: otherNames1}},
		fToolResult:    {{attr: "gen_ai.tool.result", at: otherNames1}},
	},
	kinds: []kindRule{
		{at: kindByIntent, own: true, of: invokedAgent, note: "`invoke_agent …` → agent, though the operation is chat: .NET until 1.0"},
		{at: kindByOthers, own: true, of: agentFrameworkKind, note: "`workflow.…` `executor.process …` `edge_group.process …` `message.send` `orchestrate_tools` → chain"},
	},
	words: []string{"workflow.definition"},
})

func agentFrameworkKind(_ Reading, name string) (Kind, verdict) {
	switch head, _, _ := strings.Cut(name, " "); head {
	case "workflow.run", "workflow.build", "workflow_invoke", "workflow.session", "executor.process", "edge_group.process", "message.send", "orchestrate_tools":
		return KindChain, decided
	}
	return KindOther, undecided
}

// invokedAgent knows the span of an agent that has the operation of the call in it.
func invokedAgent(r Reading, name string) (Kind, verdict) {
	if strings.HasPrefix(name, "invoke_agent ") && r.attr("gen_ai.agent.name").exists() {
		return KindAgent, decided
	}
	return KindOther, undecided
}

// Agent 365, of Microsoft.
var _ = register(dialect{
	name:     "Microsoft Agent 365",
	versions: "*microsoft-agents-a365-observability* 2.0.0",
	scopes:   []string{"Agent365Sdk"},
	marks:    []string{"microsoft.a365.agent.blueprint.id", "telemetry.sdk.name=A365ObservabilitySDK"},
	sources: map[field][]source{
		fSessionID: {{attr: "microsoft.session.id", at: last1}},
		fInputMessages: {
			{attr: "microsoft.security.content.input.value", as: asText, only: kindsOf(KindGuardrail)},
		},
		fOutputMessages: {
			{attr: "microsoft.security.content.output.value", as: asText, only: kindsOf(KindGuardrail)},
		},
	},
	kinds: []kindRule{
		{at: kindByOperation, attr: "gen_ai.operation.name", own: true, values: map[string]Kind{
			"apply_guardrail": KindGuardrail, "invokeagent": KindAgent, "executetool": KindTool, "inferencecall": KindLLM, "outputmessages": KindOther,
		}},
	},
})

// The server that hosts agents in Foundry.
var _ = register(dialect{
	name:     "Azure AI Agent Server",
	versions: "azure-ai-agentserver (source: InvocationsActivitySource.cs)",
	scopes:   []string{"Azure.AI.AgentServer*", "azure.ai.agentserver*"},
	marks:    []string{"gen_ai.system=azure.ai.agentserver", "azure.ai.agentserver.agent.name", "azure.ai.agentserver.session.id"},
	sources: map[field][]source{
		fAgentName: {{attr: "azure.ai.agentserver.agent.name"}},
		fSessionID: {{attr: "azure.ai.agentserver.session.id", at: last1}},
	},
})

// Azure AI Agents: runs on the server, that a client starts and polls.
var _ = register(dialect{
	name:     "Azure AI Agents",
	versions: "*azure-ai-agents* 1.1.0; Azure.AI.Agents.Persistent",
	scopes:   []string{"Azure.AI.Agents.*", "azure.ai.agents*"},
	marks:    []string{"gen_ai.system=az.ai.agents", "gen_ai.thread.id", "gen_ai.thread.run.id"},
	sources: map[field][]source{
		fSessionID: {{attr: "gen_ai.thread.id", at: otherNames1}},
	},
	kinds: []kindRule{
		{at: kindByOperation, attr: "gen_ai.operation.name", values: map[string]Kind{
			"start_thread_run": KindAgent, "get_thread_run": KindAgent, "process_thread_run": KindAgent,
			"submit_tool_outputs": KindOther, "create_thread": KindOther, "create_message": KindOther,
			"list_messages": KindOther, "list_run_steps": KindOther,
		}},
	},
})
