package dialect

// Promptflow, of Microsoft: each traced function with its inputs and output in JSON.
var _ = register(Dialect{
	Name:     "Promptflow",
	Versions: "promptflow-tracing 1.16 (source: tracing/_trace.py)",
	Scopes:   []string{"promptflow"},
	Marks:    []string{"framework=promptflow"},
	Sources: map[Field][]Source{
		RequestModel:      {{Attr: "inputs", Path: "model", Own: true, Only: ModelKinds, At: last1}},
		ResponseModel:     {{Attr: "llm.response.model"}},
		ResponseID:        {{Attr: "output", Path: "id", Own: true, Only: ModelKinds, At: last1}},
		RequestParameters: {{Attr: "inputs", As: AsBody, Own: true, Only: OnlyLLM, At: last1}},
		Streaming:         {{Attr: "inputs", Path: "stream", Own: true, Only: OnlyLLM, At: last1}},
		CacheRead:         {{Attr: "output", Path: "usage.prompt_tokens_details.cached_tokens", Own: true, Only: ModelKinds, At: last1}},
		Reasoning:         {{Attr: "output", Path: "usage.completion_tokens_details.reasoning_tokens", Own: true, Only: ModelKinds, At: last1}},
		SessionID:         {{Attr: "session_id", Own: true, At: last1}},
		ToolName:          {{Attr: "function", Own: true, At: last1}},
		InputMessages:     {{Attr: "inputs", As: AsBody, Own: true, Only: OnlyLLM, At: last1}},
		OutputMessages: {
			{Attr: "output", As: AsBody, Own: true, Only: OnlyLLM},
			{Attr: "llm.generated_message"},
		},
		ToolDefinitions: {{Attr: "inputs", Path: "tools", Own: true, Only: OnlyLLM, At: last1}},
		ToolArguments:   {{Attr: "inputs", Own: true, At: last1}},
		ToolResult:      {{Attr: "output", Own: true, As: AsJSON, At: last1}},
		RetrievalQuery:  {{Attr: "retrieval.query", Own: true, At: last1}},
		Documents:       {{Attr: "retrieval.documents", Own: true, At: last1}},
	},
	Kinds: []KindRule{
		{Group: kindByOthers, Attr: "span_type", Own: true, Values: map[string]Kind{
			"llm": KindLLM, "embedding": KindEmbedding, "retrieval": KindRetriever, "tool": KindTool, "flow": KindChain, "function": KindChain,
			"langchain": KindChain, "assistant": KindAgent, "prompty": KindChain,
		}},
	},
	Words: []string{"prompt.template", "prompt.variables", "embedding.embeddings", "llm.generated_message"},
})
