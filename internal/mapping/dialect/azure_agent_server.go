package dialect

// The server that hosts agents in Foundry.
var _ = register(Dialect{
	Name:     "Azure AI Agent Server",
	Versions: "azure-ai-agentserver (source: InvocationsActivitySource.cs)",
	Scopes:   []string{"Azure.AI.AgentServer*", "azure.ai.agentserver*"},
	Marks:    []string{"gen_ai.system=azure.ai.agentserver", "azure.ai.agentserver.agent.name", "azure.ai.agentserver.session.id"},
	Sources: map[Field][]Source{
		AgentName: {{Attr: "azure.ai.agentserver.agent.name"}},
		SessionID: {{Attr: "azure.ai.agentserver.session.id", At: last1}},
	},
})
