package mapping

// Codex CLI: hundreds of spans a turn, of which few tell what happened. A turn rolls up
// its calls; a call's figures are on one of the spans that handle its stream.
var _ = register(dialect{
	name:     "Codex CLI",
	versions: "0.137.0, *0.171.0*",
	// The scope is the name of the client: codex_exec, codex_sdk_ts, codex-tui, Codex Desktop.
	scopes:        []string{"codex_*", "codex-*", "Codex *"},
	namesSessions: true,
	sources: map[field][]source{
		fRequestModel:      {{attr: "model", own: true, only: codexFacts}},
		fRequestParameters: {{attr: "codex.turn.reasoning_effort", param: "reasoning_effort"}, {attr: "codex.request.reasoning_effort", param: "reasoning_effort"}},
		fInputTokens:       {{attr: "codex.turn.token_usage.input_tokens"}},
		fOutputTokens:      {{attr: "codex.turn.token_usage.output_tokens"}},
		fTotalTokens:       {{attr: "codex.turn.token_usage.total_tokens"}, {attr: "codex.usage.total_tokens"}},
		fCacheRead:         {{attr: "codex.turn.token_usage.cached_input_tokens"}},
		fCacheCreation:     {{attr: "codex.turn.token_usage.cache_write_input_tokens"}},
		fReasoning:         {{attr: "codex.turn.token_usage.reasoning_output_tokens"}, {attr: "codex.usage.reasoning_output_tokens"}},
		fSessionID:         {{attr: "conversation.id", own: true, at: metadata2}},
		fToolName:          {{attr: "tool_name", own: true, at: afterLegacy}},
		fToolCallID:        {{attr: "call_id", own: true}},
	},
	kinds: []kindRule{
		{at: kindByOthers, own: true, of: codexKind, note: "`session_task.turn` → agent; `handle_responses` with tokens → llm; " +
			"a span named as its `tool_name` with a `call_id` → tool; any other → other"},
	},
})

// codexFacts are the kinds of spans whose model is that of a call or turn.
var codexFacts = kindsOf(KindLLM, KindAgent)

func codexKind(r Reading, name string) (Kind, verdict) {
	if name == "session_task.turn" {
		return KindAgent, decided
	}
	if name == "handle_responses" && r.attr("gen_ai.usage.output_tokens").exists() {
		return KindLLM, decided
	}
	if tool, _ := r.attr("tool_name").str(); tool == name && r.attr("call_id").exists() {
		return KindTool, decided
	}
	return KindOther, decided
}
