package mapping

import "strings"

// LangChain4j in Quarkus: the words are plain text, the provider is the name of an
// enum.
var _ = register(dialect{
	name:     "LangChain4j (Quarkus)",
	versions: "quarkus-langchain4j 1 (source: SpanChatModelListener)",
	scopes:   []string{"io.quarkus.opentelemetry"},
	sources: map[field][]source{
		fTotalCost:      {{attr: "gen_ai.client.estimated_cost", with: inDollars, note: "if in USD"}},
		fInputMessages:  {{attr: "gen_ai.prompt", as: asText, own: true, only: onlyLLM, at: afterOpenLIT1}},
		fOutputMessages: {{attr: "gen_ai.completion", as: asText, own: true, only: onlyLLM, at: afterOpenLIT1}},
	},
	kinds: []kindRule{
		{at: kindByOthers, own: true, of: quarkusKind, note: "`completion …` → llm"},
	},
})

func quarkusKind(_ Reading, name string) (Kind, verdict) {
	if strings.HasPrefix(name, "completion ") {
		return KindLLM, decided
	}
	return KindOther, undecided
}

// inDollars takes the currency off an amount.
func inDollars(r Reading, v value) value {
	s, _ := v.str()
	amount, ok := strings.CutSuffix(strings.TrimSpace(s), "USD")
	if !ok {
		amount, ok = strings.CutSuffix(amount, "$")
	}
	if !ok {
		return value{}
	}
	return r.textValue(strings.TrimSpace(amount))
}
