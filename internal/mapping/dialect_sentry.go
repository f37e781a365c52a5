package mapping

// Sentry's OpenTelemetry-based Node SDK.
var _ = register(dialect{
	name:     "Sentry",
	rank:     rankFramework + 80,
	versions: "*@sentry/node* 10.78.0",
	scopes:   []string{"@sentry/node"},
	marks:    []string{"sentry.op"},
	sources: map[field][]source{
		fCacheRead:       {{attr: "gen_ai.usage.input_tokens.cached", at: rankCurrent + 10}},
		fCacheCreation:   {{attr: "gen_ai.usage.input_tokens.cache_write", at: rankCurrent + 10}},
		fReasoning:       {{attr: "gen_ai.usage.output_tokens.reasoning", at: rankCurrent + 10}},
		fStreaming:       {{attr: "gen_ai.response.streaming", at: rankCurrent + 4}},
		fInputMessages:   {{attr: "gen_ai.request.messages"}},
		fOutputMessages:  {{answer: &answer{text: "gen_ai.response.text", toolCalls: "gen_ai.response.tool_calls", texts: true}}},
		fToolDefinitions: {{attr: "gen_ai.request.available_tools"}},
		fToolArguments:   {{attr: "gen_ai.tool.input", at: rankCurrent + 42}},
	},
	kinds: []kindRule{
		{at: kindByOthers, attr: "sentry.op", values: map[string]Kind{
			"gen_ai.chat": KindLLM, "gen_ai.embeddings": KindEmbedding, "gen_ai.invoke_agent": KindAgent, "gen_ai.execute_tool": KindTool,
		}},
	},
	words: []string{"gen_ai.embeddings.input"},
})

// The spans that Anthropic's own SDK emits.
var _ = register(dialect{
	name:     "Anthropic SDK",
	rank:     rankFramework + 85,
	versions: "*@anthropic-ai/sdk* 0.137.0",
	scopes:   []string{"com.anthropic.sdk.*"},
	sources: map[field][]source{
		fFinishReasons: {{attr: "anthropic.message.stop_reason"}},
	},
})
