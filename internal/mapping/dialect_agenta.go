package mapping

import "strings"

// Agenta: decorated functions. Values that are no scalars are JSON behind a mark.
var _ = register(dialect{
	name:     "Agenta",
	versions: "*agenta* (Python) 0.125.1",
	scopes:   []string{"agenta.*"},
	marks:    []string{"ag.type.node"},
	sources: map[field][]source{
		fProvider:       {{attr: "ag.meta.provider"}},
		fRequestModel:   {{attr: "ag.meta.model"}, {attr: "ag.meta.configuration.model"}},
		fInputTokens:    {{attr: "ag.metrics.tokens.prompt"}},
		fOutputTokens:   {{attr: "ag.metrics.tokens.completion"}},
		fTotalTokens:    {{attr: "ag.metrics.tokens.total"}},
		fTotalCost:      {{attr: "ag.metrics.costs.total"}},
		fUserID:         {{attr: "ag.user.id"}},
		fSessionID:      {{attr: "ag.session.id"}},
		fInputMessages:  {{attr: "ag.data.inputs.messages", with: unmarked, note: afterMark}, {attr: "ag.data.inputs.prompt", with: unmarked, note: afterMark}},
		fOutputMessages: {{attr: "ag.data.outputs.__default__", with: unmarked, note: afterMark}, {attr: "ag.data.outputs.*", as: asObject}},
		fToolArguments:  {{attr: "ag.data.inputs.*", as: asObject}},
		fToolResult:     {{attr: "ag.data.outputs.__default__", with: unmarked, note: afterMark}, {attr: "ag.data.outputs.*", as: asObject}},
		fRetrievalQuery: {{attr: "ag.data.inputs.query"}},
		fDocuments:      {{attr: "ag.data.outputs.__default__", with: unmarked, note: afterMark}},
	},
	kinds: []kindRule{
		{at: kindByOthers, attr: "ag.type.node", values: map[string]Kind{
			"workflow": KindChain, "task": KindChain, "agent": KindAgent, "tool": KindTool, "chat": KindLLM, "completion": KindLLM,
			"embedding": KindEmbedding, "query": KindRetriever, "rerank": KindReranker,
		}},
	},
})

const afterMark = "after `@ag.type=json:`"

// unmarked takes the JSON behind Agenta's mark.
func unmarked(r Reading, v value) value {
	if s, is := v.str(); is {
		if json, marked := strings.CutPrefix(s, "@ag.type=json:"); marked {
			return r.textValue(json)
		}
	}
	return v
}
