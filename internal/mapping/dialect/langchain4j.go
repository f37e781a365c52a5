package dialect

import (
	"strings"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// LangChain4j in Quarkus: the words are plain text, the provider is the name of an
// enum.
var _ = register(Dialect{
	Name:     "LangChain4j (Quarkus)",
	Versions: "quarkus-langchain4j 1 (source: SpanChatModelListener)",
	Scopes:   []string{"io.quarkus.opentelemetry"},
	Sources: map[Field][]Source{
		TotalCost:      {{Attr: "gen_ai.client.estimated_cost", With: inDollars, Note: "if in USD"}},
		InputMessages:  {{Attr: "gen_ai.prompt", As: AsText, Own: true, Only: OnlyLLM, At: afterOpenLIT1}},
		OutputMessages: {{Attr: "gen_ai.completion", As: AsText, Own: true, Only: OnlyLLM, At: afterOpenLIT1}},
	},
	Kinds: []KindRule{
		{Group: kindByOthers, Own: true, Of: quarkusKind, Note: "`completion …` → llm"},
	},
})

func quarkusKind(_ Reading, name string) (Kind, Verdict) {
	if strings.HasPrefix(name, "completion ") {
		return KindLLM, Decided
	}
	return KindOther, Undecided
}

// inDollars takes the currency off an amount.
func inDollars(r Reading, v value.Value) value.Value {
	s, _ := v.Str()
	amount, ok := strings.CutSuffix(strings.TrimSpace(s), "USD")
	if !ok {
		amount, ok = strings.CutSuffix(amount, "$")
	}
	if !ok {
		return value.Value{}
	}
	return r.TextValue(strings.TrimSpace(amount))
}
