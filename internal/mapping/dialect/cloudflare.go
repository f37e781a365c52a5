package dialect

// Cloudflare's AI Gateway: the bodies of request and response under the names of the
// current conventions.
var _ = register(Dialect{
	Name:     "Cloudflare AI Gateway",
	Versions: "documentation of November 2026",
	Scopes:   []string{"ai-gateway"},
	Kinds: []KindRule{
		{Group: kindByOthers, Own: true, Values: map[string]Kind{"cf.aig.request": KindLLM}},
	},
})
