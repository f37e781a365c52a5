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
		RequestModel: {{As: AsName, Own: true, With: failedModel, Note: failedCalls}},
		Streaming:    {{Attr: "gen_ai.request.is_stream", At: otherNames1}},
		UserID:       {{Attr: "gen_ai.request.user", At: otherNames4}},
		ServiceName:  {{Attr: "service.name", Own: true}, {Attr: "gen_ai.application_name", Own: true}},
		Environment:  {{Attr: "gen_ai.environment"}},
		Tags:         {{Attr: "gen_ai.framework.tags", At: afterOpenLIT2}},
		ToolArguments: {
			{Attr: "gen_ai.tool.args", At: libraryNames2},
			{Attr: "gen_ai.tool.input", At: libraryNames2},
		},
		ToolResult:     {{Attr: "gen_ai.tool.output", At: libraryNames2}},
		RetrievalQuery: {{Attr: "gen_ai.retrieval.query"}},
	},
	Kinds: []KindRule{{Group: kindByOthers, Own: true, Of: failedKind, Note: failedCalls + " → llm, embedding"}},
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

const failedCalls = "of a span with an exception and without an operation, named `chat MODEL` or `embeddings MODEL` by a model whose provider is known"

// failedCall is what the name says of a call that failed. OpenLIT for Python writes the attributes of most
// clients' calls once there is an answer: a call without one has its name alone.
func failedCall(r Reading) (k Kind, model string) {
	operation, model, _ := strings.Cut(r.Span().Name(), " ")
	if !r.HasException() || r.Attr("gen_ai.operation.name").Exists() || !r.NamesModel(model) {
		return KindOther, "" // "chat weather_agent" is a run of an agent
	}
	switch operation {
	case "chat":
		return KindLLM, model
	case "embeddings":
		return KindEmbedding, model
	}
	return KindOther, ""
}

func failedKind(r Reading, _ string) (Kind, Verdict) {
	if k, _ := failedCall(r); k != KindOther {
		return k, Decided
	}
	return KindOther, Undecided
}

func failedModel(r Reading, _ value.Value) value.Value {
	if k, model := failedCall(r); k != KindOther {
		return r.TextValue(model)
	}
	return value.Value{}
}
