package dialect

import (
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// OpenLIT.
var _ = register(Dialect{
	Name:     "OpenLIT",
	Versions: "openlit 1.33 and later; *openlit* (npm) 1.15.0",
	Scopes:   []string{"openlit.*", "@openlit/*"},
	Marks:    []string{"telemetry.sdk.name=openlit"},
	Sources: map[Field][]Source{
		Streaming:   {{Attr: "gen_ai.request.is_stream", At: otherNames1}},
		UserID:      {{Attr: "gen_ai.request.user", At: otherNames4}},
		ServiceName: {{Attr: "service.name", Own: true}, {Attr: "gen_ai.application_name", Own: true}},
		Environment: {{Attr: "gen_ai.environment"}},
		Tags:        {{Attr: "gen_ai.framework.tags", At: afterOpenLIT2}},
		ToolArguments: {
			{Attr: "gen_ai.tool.args", At: libraryNames2},
			{Attr: "gen_ai.tool.input", At: libraryNames2},
		},
		ToolResult:     {{Attr: "gen_ai.tool.output", At: libraryNames2}},
		RetrievalQuery: {{Attr: "gen_ai.retrieval.query"}},
	},
	Words: []string{"gen_ai.content.revised_prompt", "gen_ai.agent.human_input", "gen_ai.agent.actual_output"},
})

// pricedCost passes over the 0 that OpenLIT for Python writes where it has no price for
// the model.
func pricedCost(r Reading, v value.Value) value.Value {
	if !strings.HasPrefix(r.ScopeName(), "openlit.") {
		return v
	}
	if cost, _, ok := v.Float(); ok && cost == 0 {
		return value.Value{}
	}
	return v
}
