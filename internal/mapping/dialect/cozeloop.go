package dialect

// CozeLoop, of ByteDance: the Eino callbacks and the SDKs that send to it.
var _ = register(Dialect{
	Name:     "CozeLoop (Coze, Eino)",
	Versions: "cozeloop-go 2025 (source: backend/modules/observability/domain/trace/otel)",
	Marks:    []string{"cozeloop.span_type"},
	Sources: map[Field][]Source{
		Streaming:      {{Attr: "cozeloop.stream"}},
		UserID:         {{Attr: "user_id", Own: true}},
		SessionID:      {{Attr: "thread_id", Own: true}},
		PromptName:     {{Attr: "cozeloop.prompt_key"}},
		PromptVersion:  {{Attr: "cozeloop.prompt_version"}},
		InputMessages:  {{Attr: "cozeloop.input", As: AsBody, Only: OnlyLLM}},
		OutputMessages: {{Attr: "cozeloop.output", As: AsBody, Only: OnlyLLM}},
		ToolArguments:  {{Attr: "cozeloop.input"}},
		ToolResult:     {{Attr: "cozeloop.output"}},
	},
	Kinds: []KindRule{{Group: kindByOthers, Attr: "cozeloop.span_type", Values: map[string]Kind{
		"model": KindLLM, "embedding": KindEmbedding, "tool": KindTool, "agent": KindAgent, "retriever": KindRetriever, "prompt": KindPrompt,
		"graph": KindChain, "chain": KindChain, "workflow": KindChain, "fornax_query": KindChain, "custom": KindOther,
	}}},
})
