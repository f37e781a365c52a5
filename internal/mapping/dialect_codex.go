package mapping

// Codex CLI: a turn rolls up its calls.
var _ = register(dialect{
	name:     "Codex CLI",
	rank:     rankFramework + 75,
	versions: "0.137.0",
	scopes:   []string{"codex_cli_rs", "codex_exec"},
	sources: map[field][]source{
		fRequestModel:      {{attr: "model", own: true}},
		fRequestParameters: {{attr: "codex.turn.reasoning_effort", param: "reasoning_effort"}},
		fInputTokens:       {{attr: "codex.turn.token_usage.input_tokens"}},
		fOutputTokens:      {{attr: "codex.turn.token_usage.output_tokens"}},
		fTotalTokens:       {{attr: "codex.turn.token_usage.total_tokens"}},
		fCacheRead:         {{attr: "codex.turn.token_usage.cached_input_tokens"}},
		fCacheCreation:     {{attr: "codex.turn.token_usage.cache_write_input_tokens"}},
		fReasoning:         {{attr: "codex.turn.token_usage.reasoning_output_tokens"}},
	},
	kinds: []kindRule{
		{at: kindByOthers, own: true, values: map[string]Kind{"session_task.turn": KindAgent}},
	},
})
