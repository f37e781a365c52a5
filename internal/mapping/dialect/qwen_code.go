package dialect

import "strings"

// Qwen Code: as Claude Code's spans, in the current conventions.
var _ = register(Dialect{
	Name:          "Qwen Code",
	Versions:      "*0.24.4*",
	Scopes:        []string{"qwen-code"},
	NamesSessions: true,
	Sources: map[Field][]Source{
		RequestModel:  {{Attr: "qwen-code.model", Only: KindsOf(KindAgent)}},
		Reasoning:     {{Attr: "thoughts_token_count", Own: true}},
		TTFT:          {{Attr: "ttft_ms", Own: true, As: AsMillis, At: afterVercel2, Streams: true}},
		UserID:        {{Attr: "gen_ai.user.id", Own: true, At: otherNames4}},
		ToolName:      {{Attr: "tool_name", Own: true, At: afterLegacy}},
		ToolCallID:    {{Attr: "tool.call_id", Own: true, At: afterLegacy}},
		ErrorMessage:  {{Attr: "error", Own: true}},
		InputMessages: {{Attr: "new_context", Own: true, As: AsText, Only: KindsOf(KindAgent)}},
	},
	Failed: unsuccessful,
	Kinds: []KindRule{
		{Group: kindByOthers, Own: true, Of: qwenKind, Note: "`qwen-code.interaction` → agent; `….llm_request` → llm; `….tool` → tool; any other `qwen-code.…` → other"},
	},
})

func qwenKind(_ Reading, name string) (Kind, Verdict) {
	name, ok := strings.CutPrefix(name, "qwen-code.")
	switch {
	case !ok:
		return KindOther, Undecided
	case name == "interaction" || name == "subagent":
		return KindAgent, Decided
	case name == "llm_request":
		return KindLLM, Decided
	case name == "tool":
		return KindTool, Decided
	}
	return KindOther, Decided
}
