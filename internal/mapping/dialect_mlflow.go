package mapping

// MLflow tracing: every value is JSON, strings included.
var _ = register(dialect{
	name:   "MLflow",
	rank:   rankFramework + 20,
	scopes: []string{"mlflow.*"},
	marks:  []string{"mlflow.spanType", "mlflow.traceRequestId"},
	sources: map[field][]source{
		fProvider:          {{attr: "mlflow.llm.provider", as: asJSON}},
		fRequestModel:      {{attr: "mlflow.llm.model", as: asJSON}, {attr: "mlflow.spanInputs", path: "model|modelId", only: modelKinds}},
		fResponseModel:     {{attr: "mlflow.spanOutputs", path: "model", only: modelKinds}},
		fResponseID:        {{attr: "mlflow.spanOutputs", path: "id", only: modelKinds}},
		fRequestParameters: {{attr: "mlflow.spanInputs", as: asBody, only: onlyLLM, with: bodyWithModel, note: "of a body that names a model", at: rankLast}},
		fStreaming:         {{attr: "mlflow.spanInputs", path: "stream", only: onlyLLM, at: rankLast}},
		fTTFT:              {{event: "mlflow.chunk.item.0", at: rankEvents + 3, streams: true}},
		fInputTokens:       {{attr: "mlflow.chat.tokenUsage", path: "input_tokens"}},
		fOutputTokens:      {{attr: "mlflow.chat.tokenUsage", path: "output_tokens"}},
		fTotalTokens:       {{attr: "mlflow.chat.tokenUsage", path: "total_tokens"}},
		fCacheRead:         {{attr: "mlflow.chat.tokenUsage", path: "cache_read_input_tokens"}},
		fCacheCreation:     {{attr: "mlflow.chat.tokenUsage", path: "cache_creation_input_tokens"}},
		fInputCost:         {{attr: "mlflow.llm.cost", path: "input_cost"}},
		fOutputCost:        {{attr: "mlflow.llm.cost", path: "output_cost"}},
		fTotalCost:         {{attr: "mlflow.llm.cost", path: "total_cost"}},
		fUserID:            {{attr: "mlflow.trace.user", as: asJSON, at: rankFramework + 90}},
		fSessionID:         {{attr: "mlflow.trace.session", as: asJSON, at: rankFramework + 90}},
		fPromptName:        {{attr: "mlflow.linkedPrompts", path: "0.name"}},
		fPromptVersion:     {{attr: "mlflow.linkedPrompts", path: "0.version"}},
		fToolName:          {{as: asName, own: true, at: rankLast}},
		fToolCallID:        {{attr: "mlflow.spanOutputs", with: toolMessageID, note: ofToolMessage, at: rankEvents}},
		fInputMessages:     {{attr: "mlflow.spanInputs", as: asBody, only: onlyLLM}},
		fOutputMessages: {
			{attr: "mlflow.spanOutputs", as: asBody, only: onlyLLM},
			{attr: "mlflow.spanOutputs", path: "output", only: onlyLLM},
		},
		fSystemInstructions: {{attr: "mlflow.spanInputs", as: asBody, only: onlyLLM, with: bodyOnly, note: "of a request's body"}},
		fToolDefinitions: {
			{attr: "mlflow.chat.tools"},
			{attr: "mlflow.spanInputs", as: asBody, only: onlyLLM, with: bodyOnly, note: "of a request's body"},
		},
		fToolArguments:  {{attr: "mlflow.spanInputs", as: asJSON, at: rankLegacy + 19}},
		fToolResult:     {{attr: "mlflow.spanOutputs", as: asJSON, at: rankLegacy + 19}},
		fRetrievalQuery: {{attr: "mlflow.spanInputs", path: "query|input|question"}, {attr: "mlflow.spanInputs", as: asJSON}},
		fDocuments:      {{attr: "mlflow.spanOutputs", as: asWrapped}},
	},
	words: []string{"mlflow.chunk.value"},
	kinds: []kindRule{
		{at: kindByMLflow, attr: "mlflow.spanType", overrules: true, values: map[string]Kind{
			"llm": KindLLM, "chat_model": KindLLM, "chain": KindChain, "workflow": KindChain, "task": KindChain,
			"agent": KindAgent, "tool": KindTool, "retriever": KindRetriever, "embedding": KindEmbedding,
			"reranker": KindReranker, "guardrail": KindGuardrail, "evaluator": KindEvaluator, "": KindOther,
		}},
	},
})
