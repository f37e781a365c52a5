package mapping

// Cloudflare's AI Gateway: the bodies of request and response under the names of the
// current conventions.
var _ = register(dialect{
	name:     "Cloudflare AI Gateway",
	versions: "documentation of November 2026",
	scopes:   []string{"ai-gateway"},
	kinds: []kindRule{
		{at: kindByOthers, own: true, values: map[string]Kind{"cf.aig.request": KindLLM}},
	},
})
