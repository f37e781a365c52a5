package mapping

import "strings"

// Claude Code's own spans, whose attributes have bare names.
var _ = register(dialect{
	name:          "Claude Code",
	versions:      "1.0.0, *2.1.332*; Claude Agent SDK *0.3.332*",
	scopes:        []string{"com.anthropic.claude_code*"},
	namesSessions: true,
	sources: map[field][]source{
		fRequestModel:   {{attr: "model", own: true}},
		fFinishReasons:  {{attr: "stop_reason", own: true}},
		fTTFT:           {{attr: "ttft_ms", own: true, as: asMillis, at: afterVercel1, streams: true}},
		fInputTokens:    {{attr: "input_tokens", own: true}},
		fOutputTokens:   {{attr: "output_tokens", own: true}},
		fCacheRead:      {{attr: "cache_read_tokens", own: true}},
		fCacheCreation:  {{attr: "cache_creation_tokens", own: true}},
		fToolName:       {{attr: "tool_name", own: true, at: afterLegacy}},
		fToolCallID:     {{attr: "tool_use_id", own: true}},
		fErrorType:      {{attr: "error_class", own: true}},
		fErrorMessage:   {{attr: "error", own: true}},
		fInputMessages:  {{attr: "user_prompt", own: true, as: asText}, {attr: "new_context", own: true, only: onlyLLM}},
		fOutputMessages: {{attr: "response.model_output", own: true}},
		fToolArguments:  {{attr: "tool_input", own: true, at: afterLegacy}},
		fToolResult: {
			{event: "tool.output", attr: "output", own: true, at: events1},
			{event: "tool.output", attr: "content", own: true, at: events1},
		},
	},
	failed: unsuccessful,
	kinds: []kindRule{
		{at: kindByOthers, attr: "span.type", own: true, of: claudeCodeKind, note: claudeCodeKinds},
		{at: kindByOthers, own: true, of: claudeCodeKind, note: claudeCodeKinds},
	},
})

const claudeCodeKinds = "`interaction` → agent; `llm_request` → llm; `tool` → tool; anything else → other; with or without `claude_code.`"

func claudeCodeKind(_ Reading, typ string) (Kind, verdict) {
	switch strings.TrimPrefix(typ, "claude_code.") {
	case "interaction":
		return KindAgent, decided
	case "llm_request":
		return KindLLM, decided
	case "tool":
		return KindTool, decided
	}
	return KindOther, decided
}
