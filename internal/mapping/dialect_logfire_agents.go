package mapping

import "strings"

// Logfire's spans of the OpenAI Agents SDK: the SDK's own description of a step, as bare
// attributes. A span is named by the template of its message.
var _ = register(dialect{
	name:     "OpenAI Agents SDK (Logfire)",
	versions: "*logfire* 5.4.0",
	scopes:   []string{"logfire.openai_agents"},
	sources: map[field][]source{
		fSessionID: {{attr: "group_id", own: true}},
		fAgentName: {{attr: "name", own: true, only: kindsOf(KindAgent)}},
		fToolName:  {{attr: "name", own: true}},
		fCacheRead: {{attr: "usage", path: "input_tokens_details.cached_tokens", own: true}},
		fCacheCreation: {
			{attr: "usage", path: "input_tokens_details.cache_write_tokens", own: true},
		},
		fReasoning:      {{attr: "usage", path: "output_tokens_details.reasoning_tokens", own: true}},
		fErrorMessage:   {{attr: "error", path: "data.error", own: true}, {attr: "error", path: "message", own: true}},
		fInputMessages:  {{attr: "input", own: true, only: onlyLLM}},
		fOutputMessages: {{attr: "output", own: true, only: onlyLLM}, {attr: "response", own: true, as: asBody, only: onlyLLM}},
		fToolArguments:  {{attr: "input", own: true}},
		fToolResult:     {{attr: "output", own: true}},
	},
	kinds:    []kindRule{{at: kindByOthers, own: true, of: logfireAgentsKind, note: "`Responses API …` `Chat completion …` → llm; `Function: …` → tool; `Agent run: …` → agent; `Guardrail …` → guardrail; `Turn …` `Task: …` `OpenAI Agents trace: …` → chain"}},
	ownWords: []string{"raw_input", "request_data", "error"},
	names:    []string{"logfire.msg", "logfire.msg_template"},
})

// logfireAgentsKinds tells the kind from the begin of the template.
var logfireAgentsKinds = []struct {
	head string
	kind Kind
}{
	{"Responses API", KindLLM}, {"Chat completion ", KindLLM}, {"Function: ", KindTool}, {"Agent run: ", KindAgent},
	{"Guardrail ", KindGuardrail}, {"Turn ", KindChain}, {"Task: ", KindChain}, {"OpenAI Agents trace: ", KindChain},
}

func logfireAgentsKind(_ Reading, name string) (Kind, verdict) {
	for _, k := range logfireAgentsKinds {
		if strings.HasPrefix(name, k.head) {
			return k.kind, decided
		}
	}
	return KindOther, undecided
}
