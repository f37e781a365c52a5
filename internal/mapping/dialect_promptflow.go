package mapping

// Promptflow, of Microsoft: each traced function with its inputs and output in JSON.
var _ = register(dialect{
	name:     "Promptflow",
	rank:     rankFramework + 112,
	versions: "promptflow-tracing 1.16 (source: tracing/_trace.py)",
	scopes:   []string{"promptflow"},
	marks:    []string{"framework=promptflow"},
	sources: map[field][]source{
		fRequestModel:      {{attr: "inputs", path: "model", own: true, only: modelKinds, at: rankLast}},
		fResponseModel:     {{attr: "llm.response.model"}},
		fResponseID:        {{attr: "output", path: "id", own: true, only: modelKinds, at: rankLast}},
		fRequestParameters: {{attr: "inputs", as: asBody, own: true, only: onlyLLM, at: rankLast}},
		fStreaming:         {{attr: "inputs", path: "stream", own: true, only: onlyLLM, at: rankLast}},
		fCacheRead:         {{attr: "output", path: "usage.prompt_tokens_details.cached_tokens", own: true, only: modelKinds, at: rankLast}},
		fReasoning:         {{attr: "output", path: "usage.completion_tokens_details.reasoning_tokens", own: true, only: modelKinds, at: rankLast}},
		fSessionID:         {{attr: "session_id", own: true, at: rankLast}},
		fToolName:          {{attr: "function", own: true, at: rankLast}},
		fInputMessages:     {{attr: "inputs", as: asBody, own: true, only: onlyLLM, at: rankLast}},
		fOutputMessages: {
			{attr: "output", as: asBody, own: true, only: onlyLLM},
			{attr: "llm.generated_message"},
		},
		fToolDefinitions: {{attr: "inputs", path: "tools", own: true, only: onlyLLM, at: rankLast}},
		fToolArguments:   {{attr: "inputs", own: true, at: rankLast}},
		fToolResult:      {{attr: "output", own: true, as: asJSON, at: rankLast}},
		fRetrievalQuery:  {{attr: "retrieval.query", own: true, at: rankLast}},
		fDocuments:       {{attr: "retrieval.documents", own: true, at: rankLast}},
	},
	kinds: []kindRule{
		{at: kindByOthers, attr: "span_type", own: true, values: map[string]Kind{
			"llm": KindLLM, "embedding": KindEmbedding, "retrieval": KindRetriever, "tool": KindTool, "flow": KindChain, "function": KindChain,
			"langchain": KindChain, "assistant": KindAgent, "prompty": KindChain,
		}},
	},
	words: []string{"prompt.template", "prompt.variables", "embedding.embeddings", "llm.generated_message"},
})
