package mapping

// LangWatch: every value is wrapped in {"type","value"}. The scope is the
// application's own.
var _ = register(dialect{
	name:     "LangWatch",
	versions: "*langwatch* (npm) 0.16.1, (Python) 1.4.0",
	marks:    []string{"langwatch.span.type"},
	sources: map[field][]source{
		fProvider:          {{attr: "langwatch.vendor"}},
		fRequestParameters: {{attr: "langwatch.params", as: asBody}},
		fStreaming:         {{attr: "langwatch.params", path: "stream"}},
		fToolDefinitions:   {{attr: "langwatch.params", path: "tools|functions", mixed: true}},
		fCacheRead:         {{attr: "langwatch.metrics", path: "cache_read_input_tokens"}},
		fCacheCreation:     {{attr: "langwatch.metrics", path: "cache_creation_input_tokens"}},
		fReasoning:         {{attr: "langwatch.metrics", path: "reasoning_tokens"}},
		fInputTokens: {
			{attr: "langwatch.metrics", path: "value.promptTokens|prompt_tokens"},
			{attr: "langwatch.metrics", path: "promptTokens|prompt_tokens"},
		},
		fOutputTokens: {
			{attr: "langwatch.metrics", path: "value.completionTokens|completion_tokens"},
			{attr: "langwatch.metrics", path: "completionTokens|completion_tokens"},
		},
		fTotalCost: {
			{attr: "langwatch.span.cost"}, {attr: "langwatch.metrics", path: "value.cost"}, {attr: "langwatch.metrics", path: "cost"},
		},
		fUserID:         {{attr: "langwatch.user.id", at: afterOpenInference}, {attr: "metadata", own: true, path: "user_id", at: metadata2}},
		fSessionID:      {{attr: "langwatch.thread.id", at: otherNames4}, {attr: "metadata", own: true, path: "thread_id", at: metadata2}},
		fTags:           {{attr: "langwatch.labels", at: afterLegacy}},
		fToolName:       {{as: asName, own: true, at: last1}},
		fInputMessages:  {{attr: "langwatch.input", path: "value"}},
		fOutputMessages: {{attr: "langwatch.output", path: "value"}},
		fToolArguments:  {{attr: "langwatch.input", path: "value"}},
		fToolResult:     {{attr: "langwatch.output", path: "value"}},
		fRetrievalQuery: {{attr: "langwatch.input", path: "value"}},
		fDocuments: {
			{attr: "langwatch.contexts", path: "value"},
			{attr: "langwatch.rag.contexts", path: "value"},
			{attr: "langwatch.rag.contexts"},
			{attr: "langwatch.rag_contexts"},
		},
	},
	kinds: []kindRule{
		{at: kindByOthers, attr: "langwatch.span.type", values: map[string]Kind{
			"llm": KindLLM, "chain": KindChain, "tool": KindTool, "agent": KindAgent, "rag": KindRetriever,
			"guardrail": KindGuardrail, "evaluation": KindEvaluator, "workflow": KindChain, "component": KindChain, "module": KindChain,
		}},
	},
	words: []string{"langwatch.contexts", "langwatch.rag.contexts"},
})
