package dialect

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
		{Group: kindByOperation, Attr: "gen_ai.operation.name", Values: map[string]Kind{
			"start_thread_run": KindAgent, "get_thread_run": KindAgent, "process_thread_run": KindAgent,
			"submit_tool_outputs": KindOther, "create_thread": KindOther, "create_message": KindOther,
			"list_messages": KindOther, "list_run_steps": KindOther,
		}},
	},
})
