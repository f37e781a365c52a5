package dialect

// n8n's own tracer: workflows and their nodes, without anything of a model's call.
var _ = register(Dialect{
	Name:     "n8n",
	Versions: "n8n 1 and 2 (documentation)",
	Marks:    []string{"n8n.workflow.id", "n8n.workflow.name", "n8n.node.type"},
	Kinds: []KindRule{
		{Group: kindByOthers, Own: true, Values: map[string]Kind{"workflow.execute": KindChain, "node.execute": KindChain}},
	},
})
