package dialect

import (
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// Agenta: decorated functions. Values that are no scalars are JSON behind a mark.
var _ = register(Dialect{
	Name:     "Agenta",
	Versions: "*agenta* (Python) 0.125.1",
	Scopes:   []string{"agenta.*"},
	Marks:    []string{"ag.type.node"},
	Sources: map[Field][]Source{
		Provider:       {{Attr: "ag.meta.provider"}},
		RequestModel:   {{Attr: "ag.meta.model"}, {Attr: "ag.meta.configuration.model"}},
		InputTokens:    {{Attr: "ag.metrics.tokens.prompt"}},
		OutputTokens:   {{Attr: "ag.metrics.tokens.completion"}},
		TotalTokens:    {{Attr: "ag.metrics.tokens.total"}},
		TotalCost:      {{Attr: "ag.metrics.costs.total"}},
		UserID:         {{Attr: "ag.user.id"}},
		SessionID:      {{Attr: "ag.session.id"}},
		InputMessages:  {{Attr: "ag.data.inputs.messages", With: unmarked, Note: afterMark}, {Attr: "ag.data.inputs.prompt", With: unmarked, Note: afterMark}},
		OutputMessages: {{Attr: "ag.data.outputs.__default__", With: unmarked, Note: afterMark}, {Attr: "ag.data.outputs.*", As: AsObject}},
		ToolArguments:  {{Attr: "ag.data.inputs.*", As: AsObject}},
		ToolResult:     {{Attr: "ag.data.outputs.__default__", With: unmarked, Note: afterMark}, {Attr: "ag.data.outputs.*", As: AsObject}},
		RetrievalQuery: {{Attr: "ag.data.inputs.query"}},
		Documents:      {{Attr: "ag.data.outputs.__default__", With: unmarked, Note: afterMark}},
	},
	Kinds: []KindRule{
		{Group: kindByOthers, Attr: "ag.type.node", Values: map[string]Kind{
			"workflow": KindChain, "task": KindChain, "agent": KindAgent, "tool": KindTool, "chat": KindLLM, "completion": KindLLM,
			"embedding": KindEmbedding, "query": KindRetriever, "rerank": KindReranker,
		}},
	},
})

const afterMark = "after `@ag.type=json:`"

// unmarked takes the JSON behind Agenta's mark.
func unmarked(r Reading, v value.Value) value.Value {
	if s, is := v.Str(); is {
		if json, marked := strings.CutPrefix(s, "@ag.type=json:"); marked {
			return r.TextValue(json)
		}
	}
	return v
}
