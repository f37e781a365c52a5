package dialect

// The tracers of Alibaba Cloud: LoongSuite and ARMS, and Dify's exporter to them.
var _ = register(Dialect{
	Name:       "LoongSuite and Dify (gen_ai.span.kind)",
	Convention: true,
	Versions:   "loongsuite-instrumentation 0.9; Dify 1 (source: aliyun_trace/entities/semconv.py)",
	Scopes:     []string{"loongsuite.*", "aliyun.*", "opentelemetry.instrumentation.dashscope*"},
	Marks:      []string{"gen_ai.span.kind"},
	Sources: map[Field][]Source{
		RequestModel:  {{Attr: "gen_ai.model_name", At: last1}},
		ResponseModel: {{Attr: "gen_ai.model_name", With: unlessRequested, Note: "unless it is the request model", At: last1}},
		UserID:        {{Attr: "gen_ai.user.id", At: libraryNames1}},
		SessionID:     {{Attr: "gen_ai.session.id", At: otherNames1}},
		TTFT: {
			{Attr: "gen_ai.user.time_to_first_token", As: AsNanos, Streams: true},
			{Attr: "gen_ai.response.time_to_first_token", As: AsNanos, Streams: true},
		},
		InputMessages: {{Attr: "input.value", Own: true, As: AsText, Only: KindsOf(KindAgent, KindChain, KindGuardrail), At: last1}},
		OutputMessages: {
			{Attr: "output.value", Own: true, As: AsText, Only: KindsOf(KindAgent, KindChain, KindGuardrail), At: last1},
		},
		RetrievalQuery: {{Attr: "retrieval.query"}, {Attr: "gen_ai.rerank.query.text"}},
		Documents:      {{Attr: "retrieval.document"}, {Attr: "gen_ai.rerank.documents"}},
		ToolArguments:  {{Attr: "gen_ai.tool.parameters", At: libraryNames3}},
	},
	Kinds: []KindRule{{Group: kindByInference, Attr: "gen_ai.span.kind", Values: spanKindValues}},
	Words: []string{"gen_ai.rerank.input_documents", "gen_ai.user.name"},
})
