package mapping

// n8n's own tracer: workflows and their nodes, without anything of a model's call.
var _ = register(dialect{
	name:     "n8n",
	versions: "n8n 1 and 2 (documentation)",
	marks:    []string{"n8n.workflow.id", "n8n.workflow.name", "n8n.node.type"},
	kinds: []kindRule{
		{at: kindByOthers, own: true, values: map[string]Kind{"workflow.execute": KindChain, "node.execute": KindChain}},
	},
})
