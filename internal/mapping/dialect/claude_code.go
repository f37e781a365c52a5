package dialect

import "strings"

// Claude Code's own spans, whose attributes have bare names.
var _ = register(Dialect{
	Name:          "Claude Code",
	Versions:      "1.0.0, *2.1.332*; Claude Agent SDK *0.3.332*",
	Scopes:        []string{"com.anthropic.claude_code*"},
	NamesSessions: true,
	// A bare name on an own span says what ran: those with a level go behind the conventions' names for the same, and
	// before what OpenLLMetry and later dialects read on anybody's spans.
	Sources: map[Field][]Source{
		RequestModel:   {{Attr: "model", Own: true}},
		FinishReasons:  {{Attr: "stop_reason", Own: true}},
		TTFT:           {{Attr: "ttft_ms", Own: true, As: AsMillis, At: afterVercel1, Streams: true}},
		InputTokens:    {{Attr: "input_tokens", Own: true}},
		OutputTokens:   {{Attr: "output_tokens", Own: true}},
		CacheRead:      {{Attr: "cache_read_tokens", Own: true}},
		CacheCreation:  {{Attr: "cache_creation_tokens", Own: true}},
		ToolName:       {{Attr: "tool_name", Own: true, At: afterLegacy}},
		ToolCallID:     {{Attr: "tool_use_id", Own: true}},
		ErrorType:      {{Attr: "error_class", Own: true}},
		ErrorMessage:   {{Attr: "error", Own: true}},
		InputMessages:  {{Attr: "user_prompt", Own: true, As: AsText}, {Attr: "new_context", Own: true, Only: OnlyLLM}},
		OutputMessages: {{Attr: "response.model_output", Own: true}},
		ToolArguments:  {{Attr: "tool_input", Own: true, At: afterLegacy}},
		ToolResult: {
			{Event: "tool.output", Attr: "output", Own: true, At: events1},
			{Event: "tool.output", Attr: "content", Own: true, At: events1},
		},
	},
	Failed: unsuccessful,
	Kinds: []KindRule{
		{Group: kindByOthers, Attr: "span.type", Own: true, Of: claudeCodeKind, Note: claudeCodeKinds},
		{Group: kindByOthers, Own: true, Of: claudeCodeKind, Note: claudeCodeKinds},
	},
})

const claudeCodeKinds = "`interaction` → agent; `llm_request` → llm; `tool` → tool; anything else → other; with or without `claude_code.`"

func claudeCodeKind(_ Reading, typ string) (Kind, Verdict) {
	switch strings.TrimPrefix(typ, "claude_code.") {
	case "interaction":
		return KindAgent, Decided
	case "llm_request":
		return KindLLM, Decided
	case "tool":
		return KindTool, Decided
	}
	return KindOther, Decided
}
