package mapping

import "strings"

// OpenLIT.
var _ = register(dialect{
	name:     "OpenLIT",
	versions: "openlit 1.33 and later; *openlit* (npm) 1.15.0",
	scopes:   []string{"openlit.*", "@openlit/*"},
	marks:    []string{"telemetry.sdk.name=openlit"},
	sources: map[field][]source{
		fStreaming:   {{attr: "gen_ai.request.is_stream", at: otherNames1}},
		fUserID:      {{attr: "gen_ai.request.user", at: otherNames4}},
		fServiceName: {{attr: "service.name", own: true}, {attr: "gen_ai.application_name", own: true}},
		fEnvironment: {{attr: "gen_ai.environment"}},
		fTags:        {{attr: "gen_ai.framework.tags", at: afterOpenLIT2}},
		fToolArguments: {
			{attr: "gen_ai.tool.args", at: libraryNames2},
			{attr: "gen_ai.tool.input", at: libraryNames2},
		},
		fToolResult:     {{attr: "gen_ai.tool.output", at: libraryNames2}},
		fRetrievalQuery: {{attr: "gen_ai.retrieval.query"}},
	},
	words: []string{"gen_ai.content.revised_prompt", "gen_ai.agent.human_input", "gen_ai.agent.actual_output"},
})

// pricedCost passes over the 0 that OpenLIT for Python writes where it has no price for
// the model.
func pricedCost(r Reading, v value) value {
	if !strings.HasPrefix(r.ScopeName(), "openlit.") {
		return v
	}
	if cost, _, ok := v.float(); ok && cost == 0 {
		return value{}
	}
	return v
}
