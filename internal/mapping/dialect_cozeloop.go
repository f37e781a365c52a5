package mapping

// CozeLoop, of ByteDance: the Eino callbacks and the SDKs that send to it.
var _ = register(dialect{
	name:     "CozeLoop (Coze, Eino)",
	versions: "cozeloop-go 2025 (source: backend/modules/observability/domain/trace/otel)",
	marks:    []string{"cozeloop.span_type"},
	sources: map[field][]source{
		fStreaming:      {{attr: "cozeloop.stream"}},
		fUserID:         {{attr: "user_id", own: true}},
		fSessionID:      {{attr: "thread_id", own: true}},
		fPromptName:     {{attr: "cozeloop.prompt_key"}},
		fPromptVersion:  {{attr: "cozeloop.prompt_version"}},
		fInputMessages:  {{attr: "cozeloop.input", as: asBody, only: onlyLLM}},
		fOutputMessages: {{attr: "cozeloop.output", as: asBody, only: onlyLLM}},
		fToolArguments:  {{attr: "cozeloop.input"}},
		fToolResult:     {{attr: "cozeloop.output"}},
	},
	kinds: []kindRule{{at: kindByOthers, attr: "cozeloop.span_type", values: map[string]Kind{
		"model": KindLLM, "embedding": KindEmbedding, "tool": KindTool, "agent": KindAgent, "retriever": KindRetriever, "prompt": KindPrompt,
		"graph": KindChain, "chain": KindChain, "workflow": KindChain, "fornax_query": KindChain, "custom": KindOther,
	}}},
})
