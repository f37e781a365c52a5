package dialect

// LangWatch: every value is wrapped in {"type","value"}. The scope is the
// application's own.
var _ = register(Dialect{
	Name:     "LangWatch",
	Versions: "*langwatch* (npm) 0.16.1, (Python) 1.4.0",
	Marks:    []string{"langwatch.span.type"},
	Sources: map[Field][]Source{
		Provider:          {{Attr: "langwatch.vendor"}},
		RequestParameters: {{Attr: "langwatch.params", As: AsBody}},
		Streaming:         {{Attr: "langwatch.params", Path: "stream"}},
		ToolDefinitions:   {{Attr: "langwatch.params", Path: "tools|functions", Mixed: true}},
		CacheRead:         {{Attr: "langwatch.metrics", Path: "cache_read_input_tokens"}},
		CacheCreation:     {{Attr: "langwatch.metrics", Path: "cache_creation_input_tokens"}},
		Reasoning:         {{Attr: "langwatch.metrics", Path: "reasoning_tokens"}},
		InputTokens: {
			{Attr: "langwatch.metrics", Path: "value.promptTokens|prompt_tokens"},
			{Attr: "langwatch.metrics", Path: "promptTokens|prompt_tokens"},
		},
		OutputTokens: {
			{Attr: "langwatch.metrics", Path: "value.completionTokens|completion_tokens"},
			{Attr: "langwatch.metrics", Path: "completionTokens|completion_tokens"},
		},
		TotalCost: {
			{Attr: "langwatch.span.cost"}, {Attr: "langwatch.metrics", Path: "value.cost"}, {Attr: "langwatch.metrics", Path: "cost"},
		},
		UserID:         {{Attr: "langwatch.user.id", At: afterOpenInference}, {Attr: "metadata", Own: true, Path: "user_id", At: metadata2}},
		SessionID:      {{Attr: "langwatch.thread.id", At: otherNames4}, {Attr: "metadata", Own: true, Path: "thread_id", At: metadata2}},
		Tags:           {{Attr: "langwatch.labels", At: afterLegacy}},
		ToolName:       {{As: AsName, Own: true, At: last1}},
		InputMessages:  {{Attr: "langwatch.input", Path: "value"}},
		OutputMessages: {{Attr: "langwatch.output", Path: "value"}},
		ToolArguments:  {{Attr: "langwatch.input", Path: "value"}},
		ToolResult:     {{Attr: "langwatch.output", Path: "value"}},
		RetrievalQuery: {{Attr: "langwatch.input", Path: "value"}},
		Documents: {
			{Attr: "langwatch.contexts", Path: "value"},
			{Attr: "langwatch.rag.contexts", Path: "value"},
			{Attr: "langwatch.rag.contexts"},
			{Attr: "langwatch.rag_contexts"},
		},
	},
	Kinds: []KindRule{
		{Group: kindByOthers, Attr: "langwatch.span.type", Values: map[string]Kind{
			"llm": KindLLM, "chain": KindChain, "tool": KindTool, "agent": KindAgent, "rag": KindRetriever,
			"guardrail": KindGuardrail, "evaluation": KindEvaluator, "workflow": KindChain, "component": KindChain, "module": KindChain,
		}},
	},
	Words: []string{"langwatch.contexts", "langwatch.rag.contexts"},
})
