package mapping

// Cloudflare's AI Gateway: the bodies of request and response under the names of the
// current conventions.
var _ = register(dialect{
	name:     "Cloudflare AI Gateway",
	rank:     rankCurrent - 5,
	versions: "documentation of November 2026",
	scopes:   []string{"ai-gateway"},
	sources: map[field][]source{
		fResponseModel:      {{attr: "gen_ai.output.messages", path: "model", own: true}},
		fResponseID:         {{attr: "gen_ai.output.messages", path: "id", own: true}},
		fRequestParameters:  {{attr: "gen_ai.input.messages", as: asBody, own: true, with: bodyWithModel, note: "of a body that names a model"}},
		fStreaming:          {{attr: "gen_ai.input.messages", path: "stream", own: true}},
		fSystemInstructions: {{attr: "gen_ai.input.messages", as: asBody, own: true, with: bodyOnly, note: "of a request's body"}},
		fToolDefinitions:    {{attr: "gen_ai.input.messages", as: asBody, own: true, with: bodyOnly, note: "of a request's body"}},
		fInputMessages:      {{attr: "gen_ai.input.messages", as: asBody, own: true}},
		fOutputMessages:     {{attr: "gen_ai.output.messages", as: asBody, own: true}},
	},
	kinds: []kindRule{
		{at: kindByOthers, own: true, values: map[string]Kind{"cf.aig.request": KindLLM}},
	},
})
