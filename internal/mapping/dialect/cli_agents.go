package dialect

import "strings"

// Gemini CLI: operations of its own, messages of the Gemini API, and no thoughts and no
// cache among the tokens.
var _ = register(Dialect{
	Name:     "Gemini CLI",
	Versions: "0.40, *0.61.0*",
	Scopes:   []string{"gemini-cli"},
	Sources: map[Field][]Source{
		ToolCallID:    {{Attr: "gen_ai.tool.call_id"}},
		ToolArguments: {{Attr: "gen_ai.input.messages", Path: "args", Own: true, At: events1}},
		ToolResult: {
			{Attr: "gen_ai.output.messages", Path: "response.responseParts.0.functionResponse.response", Own: true, At: events1},
			{Attr: "gen_ai.output.messages", Path: "response.resultDisplay", Own: true, At: events1},
		},
	},
	Kinds: []KindRule{
		{At: kindByOperation, Attr: "gen_ai.operation.name", Own: true, Values: map[string]Kind{
			"tool_call": KindTool, "schedule_tool_calls": KindChain, "agent_call": KindAgent, "user_prompt": KindChain, "system_prompt": KindOther,
		}},
	},
})

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
		{At: kindByOthers, Own: true, Of: qwenKind, Note: "`qwen-code.interaction` → agent; `….llm_request` → llm; `….tool` → tool; any other `qwen-code.…` → other"},
	},
})

// unsuccessful tells a call that the program says did not succeed: one that is aborted has no
// status.
func unsuccessful(r Reading) bool {
	success, _, ok := r.Attr("success").Boolean()
	return ok && !success
}

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

// Copilot CLI: current conventions, but a call's input is only what is new in it.
var _ = register(Dialect{
	Name:     "GitHub Copilot CLI",
	Versions: "*1.0.102*",
	Scopes:   []string{"github.copilot"},
	Sources: map[Field][]Source{
		InputMessages: {{Attr: "gen_ai.input.messages", Own: true, Only: OnlyLLM, Delta: true}},
	},
})

// opencode: the Vercel AI SDK's spans, under its own scope, and its own around them.
var _ = register(Dialect{
	Name:          "opencode",
	Versions:      "*1.18.33*",
	Scopes:        []string{"opencode"},
	NamesSessions: true,
	Kinds: []KindRule{
		{At: kindByOthers, Own: true, Values: map[string]Kind{"tool.execute": KindOther}},
	},
})
