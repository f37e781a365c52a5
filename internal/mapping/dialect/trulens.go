package dialect

// TruLens, also in Snowflake Cortex: the calls of instrumented functions.
var _ = register(Dialect{
	Name:     "TruLens",
	Versions: "*trulens* 2.16.0",
	Scopes:   []string{"trulens*"},
	Marks:    []string{"ai.observability.span_type"},
	Sources: map[Field][]Source{
		RequestModel:  {{Attr: "snow.ai.observability.agent.planning.model"}},
		InputTokens:   {{Attr: "snow.ai.observability.agent.planning.token_count.input"}},
		OutputTokens:  {{Attr: "snow.ai.observability.agent.planning.token_count.output"}},
		TotalTokens:   {{Attr: "snow.ai.observability.agent.planning.token_count.total"}},
		ToolName:      {{Attr: "ai.observability.call.function"}, {As: AsName, Own: true, At: last1}},
		ToolArguments: {{Attr: "ai.observability.call.kwargs.*", As: AsObject}},
		ToolResult:    {{Attr: "ai.observability.call.return"}},
		InputMessages: {
			{Attr: "ai.observability.record_root.input", As: AsText},
			{Attr: "ai.observability.call.kwargs.prompt", Only: OnlyLLM},
			{Attr: "ai.observability.call.kwargs.messages", Only: OnlyLLM},
			{Attr: "ai.observability.call.kwargs.query", As: AsText, Only: OnlyLLM},
		},
		OutputMessages: {
			{Attr: "ai.observability.record_root.output", As: AsText},
			{Attr: "ai.observability.call.return", Only: OnlyLLM},
		},
		RetrievalQuery: {{Attr: "ai.observability.retrieval.query_text"}},
		Documents:      {{Attr: "ai.observability.retrieval.retrieved_contexts"}},
	},
	Kinds: []KindRule{
		{Group: kindByOthers, Attr: "ai.observability.span_type", Values: map[string]Kind{
			"record_root": KindChain, "retrieval": KindRetriever, "generation": KindLLM, "reranking": KindReranker, "tool": KindTool,
			"agent": KindAgent, "workflow_step": KindChain, "graph_node": KindChain, "graph_task": KindChain, "mcp": KindTool,
			"eval_root": KindEvaluator, "eval": KindEvaluator,
		}},
	},
	Words: []string{
		"ai.observability.record_root.ground_truth_output", "ai.observability.eval.explanation", "ai.observability.eval_root.args_span_attribute",
		"ai.observability.call.args", "ai.observability.call.error",
	},
})
