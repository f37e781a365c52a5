package mapping

// TruLens, also in Snowflake Cortex: the calls of instrumented functions.
var _ = register(dialect{
	name:     "TruLens",
	versions: "*trulens* 2.16.0",
	scopes:   []string{"trulens*"},
	marks:    []string{"ai.observability.span_type"},
	sources: map[field][]source{
		fRequestModel:  {{attr: "snow.ai.observability.agent.planning.model"}},
		fInputTokens:   {{attr: "snow.ai.observability.agent.planning.token_count.input"}},
		fOutputTokens:  {{attr: "snow.ai.observability.agent.planning.token_count.output"}},
		fTotalTokens:   {{attr: "snow.ai.observability.agent.planning.token_count.total"}},
		fToolName:      {{attr: "ai.observability.call.function"}, {as: asName, own: true, at: last1}},
		fToolArguments: {{attr: "ai.observability.call.kwargs.*", as: asObject}},
		fToolResult:    {{attr: "ai.observability.call.return"}},
		fInputMessages: {
			{attr: "ai.observability.record_root.input", as: asText},
			{attr: "ai.observability.call.kwargs.prompt", only: onlyLLM},
			{attr: "ai.observability.call.kwargs.messages", only: onlyLLM},
			{attr: "ai.observability.call.kwargs.query", as: asText, only: onlyLLM},
		},
		fOutputMessages: {
			{attr: "ai.observability.record_root.output", as: asText},
			{attr: "ai.observability.call.return", only: onlyLLM},
		},
		fRetrievalQuery: {{attr: "ai.observability.retrieval.query_text"}},
		fDocuments:      {{attr: "ai.observability.retrieval.retrieved_contexts"}},
	},
	kinds: []kindRule{
		{at: kindByOthers, attr: "ai.observability.span_type", values: map[string]Kind{
			"record_root": KindChain, "retrieval": KindRetriever, "generation": KindLLM, "reranking": KindReranker, "tool": KindTool,
			"agent": KindAgent, "workflow_step": KindChain, "graph_node": KindChain, "graph_task": KindChain, "mcp": KindTool,
			"eval_root": KindEvaluator, "eval": KindEvaluator,
		}},
	},
	words: []string{
		"ai.observability.record_root.ground_truth_output", "ai.observability.eval.explanation", "ai.observability.eval_root.args_span_attribute",
		"ai.observability.call.args", "ai.observability.call.error",
	},
})
