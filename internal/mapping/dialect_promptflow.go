package mapping

// Promptflow, of Microsoft: each traced function with its inputs and output in JSON.
var _ = register(dialect{
	name:     "Promptflow",
	versions: "promptflow-tracing 1.16 (source: tracing/_trace.py)",
	scopes:   []string{"promptflow"},
	marks:    []string{"framework=promptflow"},
	sources: map[field][]source{
		fRequestModel:      {{attr: "inputs", path: "model", own: true, only: modelKinds, at: last1}},
		fResponseModel:     {{attr: "llm.response.model"}},
		fResponseID:        {{attr: "output", path: "id", own: true, only: modelKinds, at: last1}},
		fRequestParameters: {{attr: "inputs", as: asBody, own: true, only: onlyLLM, at: last1}},
		fStreaming:         {{attr: "inputs", path: "stream", own: true, only: onlyLLM, at: last1}},
		fCacheRead:         {{attr: "output", path: "usage.prompt_tokens_details.cached_tokens", own: true, only: modelKinds, at: last1}},
		fReasoning:         {{attr: "output", path: "usage.completion_tokens_details.reasoning_tokens", own: true, only: modelKinds, at: last1}},
		fSessionID:         {{attr: "session_id", own: true, at: last1}},
		fToolName:          {{attr: "function", own: true, at: last1}},
		fInputMessages:     {{attr: "inputs", as: asBody, own: true, only: onlyLLM, at: last1}},
		fOutputMessages: {
			{attr: "output", as: asBody, own: true, only: onlyLLM},
			{attr: "llm.generated_message"},
		},
		fToolDefinitions: {{attr: "inputs", path: "tools", own: true, only: onlyLLM, at: last1}},
		fToolArguments:   {{attr: "inputs", own: true, at: last1}},
		fToolResult:      {{attr: "output", own: true, as: asJSON, at: last1}},
		fRetrievalQuery:  {{attr: "retrieval.query", own: true, at: last1}},
		fDocuments:       {{attr: "retrieval.documents", own: true, at: last1}},
	},
	kinds: []kindRule{
		{at: kindByOthers, attr: "span_type", own: true, values: map[string]Kind{
			"llm": KindLLM, "embedding": KindEmbedding, "retrieval": KindRetriever, "tool": KindTool, "flow": KindChain, "function": KindChain,
			"langchain": KindChain, "assistant": KindAgent, "prompty": KindChain,
		}},
	},
	words: []string{"prompt.template", "prompt.variables", "embedding.embeddings", "llm.generated_message"},
})
