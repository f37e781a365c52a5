package dialect

import "strings"

// Laminar: what its SDK and its decorators write on every span, beside what the
// instrumentations under it write.
var _ = register(Dialect{
	Name:     "Laminar",
	Versions: "*lmnr* (Python) 0.8.2, *@lmnr-ai/lmnr* 0.8.46; 0.7.26",
	Scopes:   []string{"lmnr.*"},
	Marks:    []string{"lmnr.span.type", "lmnr.span.path"},
	Sources: map[Field][]Source{
		UserID:         {{Attr: "lmnr.association.properties.user_id"}},
		SessionID:      {{Attr: "lmnr.association.properties.session_id"}},
		Tags:           {{Attr: "lmnr.association.properties.tags"}},
		InputCost:      {{Attr: "gen_ai.usage.input_cost", At: otherNames1}},
		OutputCost:     {{Attr: "gen_ai.usage.output_cost", At: otherNames1}},
		ToolName:       {{As: AsName, Own: true, At: last1}},
		InputMessages:  {{Attr: "lmnr.span.input", As: AsBody, Only: OnlyLLM}},
		OutputMessages: {{Attr: "lmnr.span.output", As: AsBody, Only: OnlyLLM}},
		ToolArguments:  {{Attr: "lmnr.span.input", At: last1}},
		ToolResult:     {{Attr: "lmnr.span.output", At: last1}},
	},
	Kinds: []KindRule{
		{Group: kindByIntent, Own: true, Of: laminarChunk, Note: "`chunk: …` → other"},
		{Group: kindByOthers, Attr: "lmnr.span.type", Values: map[string]Kind{
			"llm": KindLLM, "tool": KindTool, "evaluator": KindEvaluator, "human_evaluator": KindEvaluator,
			"cached":   KindOther, // what a model answered before, replayed
			"executor": KindChain, "evaluation": KindChain, "pipeline": KindChain,
		}},
	},
})

// laminarChunk knows the spans of a stream's parts, which are no calls.
func laminarChunk(_ Reading, name string) (Kind, Verdict) {
	if strings.HasPrefix(name, "chunk:") {
		return KindOther, Decided
	}
	return KindOther, Undecided
}
