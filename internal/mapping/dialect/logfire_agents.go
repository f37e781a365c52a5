package dialect

import "strings"

// Logfire's spans of the OpenAI Agents SDK: the SDK's own description of a step, as bare
// attributes. A span is named by the template of its message.
var _ = register(Dialect{
	Name:     "OpenAI Agents SDK (Logfire)",
	Versions: "*logfire* 5.4.0",
	Scopes:   []string{"logfire.openai_agents"},
	Sources: map[Field][]Source{
		SessionID: {{Attr: "group_id", Own: true}},
		AgentName: {{Attr: "name", Own: true, Only: KindsOf(KindAgent)}},
		ToolName:  {{Attr: "name", Own: true}},
		CacheRead: {{Attr: "usage", Path: "input_tokens_details.cached_tokens", Own: true}},
		CacheCreation: {
			{Attr: "usage", Path: "input_tokens_details.cache_write_tokens", Own: true},
		},
		Reasoning:      {{Attr: "usage", Path: "output_tokens_details.reasoning_tokens", Own: true}},
		ErrorMessage:   {{Attr: "error", Path: "data.error", Own: true}, {Attr: "error", Path: "message", Own: true}},
		InputMessages:  {{Attr: "input", Own: true, Only: OnlyLLM}},
		OutputMessages: {{Attr: "output", Own: true, Only: OnlyLLM}, {Attr: "response", Own: true, As: AsBody, Only: OnlyLLM}},
		ToolArguments:  {{Attr: "input", Own: true}},
		ToolResult:     {{Attr: "output", Own: true}},
	},
	Kinds:    []KindRule{{Group: kindByOthers, Own: true, Of: logfireAgentsKind, Note: "`Responses API …` `Chat completion …` → llm; `Function: …` → tool; `Agent run: …` → agent; `Guardrail …` → guardrail; `Turn …` `Task: …` `OpenAI Agents trace: …` → chain"}},
	OwnWords: []string{"raw_input", "request_data", "error"},
	Names:    []string{"logfire.msg", "logfire.msg_template"},
})

// logfireAgentsKinds tells the kind from the begin of the template.
var logfireAgentsKinds = []struct {
	head string
	kind Kind
}{
	{"Responses API", KindLLM}, {"Chat completion ", KindLLM}, {"Function: ", KindTool}, {"Agent run: ", KindAgent},
	{"Guardrail ", KindGuardrail}, {"Turn ", KindChain}, {"Task: ", KindChain}, {"OpenAI Agents trace: ", KindChain},
}

func logfireAgentsKind(_ Reading, name string) (Kind, Verdict) {
	for _, k := range logfireAgentsKinds {
		if strings.HasPrefix(name, k.head) {
			return k.kind, Decided
		}
	}
	return KindOther, Undecided
}
