package dialect

// Codex CLI: hundreds of spans a turn, of which few tell what happened. A turn rolls up
// its calls; a call's figures are on one of the spans that handle its stream.
var _ = register(Dialect{
	Name:     "Codex CLI",
	Versions: "0.137.0, *0.171.0*",
	// The scope is the name of the client: codex_exec, codex_sdk_ts, codex-tui, Codex Desktop.
	Scopes:        []string{"codex_*", "codex-*", "Codex *"},
	NamesSessions: true,
	Sources: map[Field][]Source{
		RequestModel:      {{Attr: "model", Own: true, Only: codexFacts}},
		RequestParameters: {{Attr: "codex.turn.reasoning_effort", Param: "reasoning_effort"}, {Attr: "codex.request.reasoning_effort", Param: "reasoning_effort"}},
		InputTokens:       {{Attr: "codex.turn.token_usage.input_tokens"}},
		OutputTokens:      {{Attr: "codex.turn.token_usage.output_tokens"}},
		TotalTokens:       {{Attr: "codex.turn.token_usage.total_tokens"}, {Attr: "codex.usage.total_tokens"}},
		CacheRead:         {{Attr: "codex.turn.token_usage.cached_input_tokens"}},
		CacheCreation:     {{Attr: "codex.turn.token_usage.cache_write_input_tokens"}},
		Reasoning:         {{Attr: "codex.turn.token_usage.reasoning_output_tokens"}, {Attr: "codex.usage.reasoning_output_tokens"}},
		SessionID:         {{Attr: "conversation.id", Own: true, At: metadata2}},
		ToolName:          {{Attr: "tool_name", Own: true, At: afterLegacy}},
		ToolCallID:        {{Attr: "call_id", Own: true}},
	},
	Kinds: []KindRule{
		{Group: kindByOthers, Own: true, Of: codexKind, Note: "`session_task.turn` → agent; `handle_responses` with tokens → llm; " +
			"a span named as its `tool_name` with a `call_id` → tool; any other → other"},
	},
})

// codexFacts are the kinds of spans whose model is that of a call or turn.
var codexFacts = KindsOf(KindLLM, KindAgent)

func codexKind(r Reading, name string) (Kind, Verdict) {
	if name == "session_task.turn" {
		return KindAgent, Decided
	}
	if name == "handle_responses" && r.Attr("gen_ai.usage.output_tokens").Exists() {
		return KindLLM, Decided
	}
	if tool, _ := r.Attr("tool_name").Str(); tool == name && r.Attr("call_id").Exists() {
		return KindTool, Decided
	}
	return KindOther, Decided
}
