package mapping

import "strings"

// Gemini CLI: operations of its own, messages of the Gemini API, and no thoughts and no
// cache among the tokens.
var _ = register(dialect{
	name:     "Gemini CLI",
	versions: "0.40, *0.61.0*",
	scopes:   []string{"gemini-cli"},
	sources: map[field][]source{
		fToolCallID:    {{attr: "gen_ai.tool.call_id"}},
		fToolArguments: {{attr: "gen_ai.input.messages", path: "args", own: true, at: events1}},
		fToolResult: {
			{attr: "gen_ai.output.messages", path: "response.responseParts.0.functionResponse.response", own: true, at: events1},
			{attr: "gen_ai.output.messages", path: "response.resultDisplay", own: true, at: events1},
		},
	},
	kinds: []kindRule{
		{at: kindByOperation, attr: "gen_ai.operation.name", own: true, values: map[string]Kind{
			"tool_call": KindTool, "schedule_tool_calls": KindChain, "agent_call": KindAgent, "user_prompt": KindChain, "system_prompt": KindOther,
		}},
	},
})

// Qwen Code: as Claude Code's spans, in the current conventions.
var _ = register(dialect{
	name:          "Qwen Code",
	versions:      "*0.24.4*",
	scopes:        []string{"qwen-code"},
	namesSessions: true,
	sources: map[field][]source{
		fRequestModel:  {{attr: "qwen-code.model", only: kindsOf(KindAgent)}},
		fReasoning:     {{attr: "thoughts_token_count", own: true}},
		fTTFT:          {{attr: "ttft_ms", own: true, as: asMillis, at: afterVercel2, streams: true}},
		fUserID:        {{attr: "gen_ai.user.id", own: true, at: otherNames4}},
		fToolName:      {{attr: "tool_name", own: true, at: afterLegacy}},
		fToolCallID:    {{attr: "tool.call_id", own: true, at: afterLegacy}},
		fErrorMessage:  {{attr: "error", own: true}},
		fInputMessages: {{attr: "new_context", own: true, as: asText, only: kindsOf(KindAgent)}},
	},
	failed: unsuccessful,
	kinds: []kindRule{
		{at: kindByOthers, own: true, of: qwenKind, note: "`qwen-code.interaction` → agent; `….llm_request` → llm; `….tool` → tool; any other `qwen-code.…` → other"},
	},
})

// unsuccessful tells a call that the program says did not succeed: one that is aborted has no
// status.
func unsuccessful(r Reading) bool {
	success, _, ok := r.attr("success").boolean()
	return ok && !success
}

func qwenKind(_ Reading, name string) (Kind, verdict) {
	name, ok := strings.CutPrefix(name, "qwen-code.")
	switch {
	case !ok:
		return KindOther, undecided
	case name == "interaction" || name == "subagent":
		return KindAgent, decided
	case name == "llm_request":
		return KindLLM, decided
	case name == "tool":
		return KindTool, decided
	}
	return KindOther, decided
}

// Copilot CLI: current conventions, but a call's input is only what is new in it.
var _ = register(dialect{
	name:     "GitHub Copilot CLI",
	versions: "*1.0.102*",
	scopes:   []string{"github.copilot"},
	sources: map[field][]source{
		fInputMessages: {{attr: "gen_ai.input.messages", own: true, only: onlyLLM, delta: true}},
	},
})

// opencode: the Vercel AI SDK's spans, under its own scope, and its own around them.
var _ = register(dialect{
	name:          "opencode",
	versions:      "*1.18.33*",
	scopes:        []string{"opencode"},
	namesSessions: true,
	kinds: []kindRule{
		{at: kindByOthers, own: true, values: map[string]Kind{"tool.execute": KindOther}},
	},
})
