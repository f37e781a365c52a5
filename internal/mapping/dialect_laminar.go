package mapping

import "strings"

// Laminar: what its SDK and its decorators write on every span, beside what the
// instrumentations under it write.
var _ = register(dialect{
	name:     "Laminar",
	versions: "*lmnr* (Python) 0.8.2, *@lmnr-ai/lmnr* 0.8.46; 0.7.26",
	scopes:   []string{"lmnr.*"},
	marks:    []string{"lmnr.span.type", "lmnr.span.path"},
	sources: map[field][]source{
		fUserID:         {{attr: "lmnr.association.properties.user_id"}},
		fSessionID:      {{attr: "lmnr.association.properties.session_id"}},
		fTags:           {{attr: "lmnr.association.properties.tags"}},
		fInputCost:      {{attr: "gen_ai.usage.input_cost", at: otherNames1}},
		fOutputCost:     {{attr: "gen_ai.usage.output_cost", at: otherNames1}},
		fToolName:       {{as: asName, own: true, at: last1}},
		fInputMessages:  {{attr: "lmnr.span.input", as: asBody, only: onlyLLM}},
		fOutputMessages: {{attr: "lmnr.span.output", as: asBody, only: onlyLLM}},
		fToolArguments:  {{attr: "lmnr.span.input", at: last1}},
		fToolResult:     {{attr: "lmnr.span.output", at: last1}},
	},
	kinds: []kindRule{
		{at: kindByIntent, own: true, of: laminarChunk, note: "`chunk: …` → other"},
		{at: kindByOthers, attr: "lmnr.span.type", values: map[string]Kind{
			"llm": KindLLM, "tool": KindTool, "evaluator": KindEvaluator, "human_evaluator": KindEvaluator,
			"cached":   KindOther, // what a model answered before, replayed
			"executor": KindChain, "evaluation": KindChain, "pipeline": KindChain,
		}},
	},
})

// laminarChunk knows the spans of a stream's parts, which are no calls.
func laminarChunk(_ Reading, name string) (Kind, verdict) {
	if strings.HasPrefix(name, "chunk:") {
		return KindOther, decided
	}
	return KindOther, undecided
}
