package mapping

// What MLflow calls inputs and outputs where it exports by the GenAI conventions.
const (
	mlflowAsked    = "gen_ai.request.input"
	mlflowAnswered = "gen_ai.response.output"
)

// MLflow tracing: every value is JSON, strings included.
var _ = register(dialect{
	name:     "MLflow",
	versions: "*mlflow* 3 (Python: native, GenAI conventions, LangChain, DSPy); spans name no version",
	scopes:   []string{"mlflow.*"},
	marks:    []string{"mlflow.spanType", "mlflow.traceRequestId"},
	sources: map[field][]source{
		fProvider: {{attr: "mlflow.llm.provider", as: asJSON}},
		fRequestModel: {
			{attr: "model", as: asJSON, own: true, only: modelKinds},
			{attr: "mlflow.spanInputs", path: "model|modelId", only: modelKinds},
			{attr: "mlflow.llm.model", as: asJSON},
		},
		fResponseModel: {
			{attr: "mlflow.spanOutputs", path: "model", only: modelKinds},
			{attr: mlflowAnswered, path: "model", own: true, only: modelKinds},
			{attr: "mlflow.llm.model", as: asJSON, with: unlessRequested, note: "unless it is the request model"},
		},
		fResponseID: {{attr: "mlflow.spanOutputs", path: "id", only: modelKinds}, {attr: mlflowAnswered, path: "id", own: true, only: modelKinds}, {attr: "id", as: asJSON, own: true, only: onlyLLM}},
		fRequestParameters: {
			{attr: "mlflow.spanInputs", as: asBody, only: onlyLLM, object: true, with: bodyWithModel, note: "of a body that names a model", at: last1},
			{attr: mlflowAsked, as: asBody, own: true, only: onlyLLM, object: true, with: bodyWithModel, note: "of a body that names a model", at: last1},
			{attr: "invocation_params", as: asBody, own: true, at: last1},
			{attr: "temperature", own: true, param: "temperature", at: last1},
			{attr: "max_tokens", own: true, param: "max_tokens", at: last1},
			{attr: "top_p", own: true, param: "top_p", at: last1},
		},
		fStreaming:     {{attr: "mlflow.spanInputs", path: "stream", only: onlyLLM, at: last1}, {attr: "stream", own: true, only: onlyLLM, at: last1}},
		fTTFT:          {{event: mlflowChunks + "0", at: events4, streams: true}},
		fInputTokens:   {{attr: "mlflow.chat.tokenUsage", path: "input_tokens"}, {attr: "mlflow.spanOutputs", only: modelKinds, with: bodyCount("prompt_tokens", "input_tokens", "prompt_token_count"), note: ofBodyCounts}, {attr: "usage", path: "input_tokens|prompt_tokens", own: true, only: modelKinds}},
		fOutputTokens:  {{attr: "mlflow.chat.tokenUsage", path: "output_tokens"}, {attr: "mlflow.spanOutputs", only: onlyLLM, with: bodyCount("completion_tokens", "output_tokens", "candidates_token_count"), note: ofBodyCounts}, {attr: "usage", path: "output_tokens|completion_tokens", own: true, only: onlyLLM}},
		fTotalTokens:   {{attr: "mlflow.chat.tokenUsage", path: "total_tokens"}, {attr: "mlflow.spanOutputs", only: modelKinds, with: bodyCount("total_tokens", "total_token_count"), note: ofBodyCounts}, {attr: "usage", path: "total_tokens", own: true, only: modelKinds}},
		fCacheRead:     {{attr: "mlflow.chat.tokenUsage", path: "cache_read_input_tokens"}, {attr: "mlflow.spanOutputs", only: onlyLLM, with: bodyCount("cached_tokens", "cache_read_input_tokens"), note: ofBodyCounts}, {attr: "usage", path: "input_tokens_details|prompt_tokens_details.cached_tokens", own: true, only: onlyLLM}},
		fCacheCreation: {{attr: "mlflow.chat.tokenUsage", path: "cache_creation_input_tokens"}},
		fReasoning:     {{attr: "mlflow.spanOutputs", only: onlyLLM, with: bodyCount("reasoning_tokens", "thoughts_token_count"), note: ofBodyCounts}, {attr: "usage", path: "output_tokens_details|completion_tokens_details.reasoning_tokens", own: true, only: onlyLLM}},
		fInputCost:     {{attr: "mlflow.llm.cost", path: "input_cost"}},
		fOutputCost:    {{attr: "mlflow.llm.cost", path: "output_cost"}},
		fTotalCost:     {{attr: "mlflow.llm.cost", path: "total_cost"}},
		fUserID:        {{attr: "mlflow.trace.user", as: asJSON, at: metadata2}, {attr: "metadata", own: true, path: "user_id", at: metadata2}},
		fSessionID:     {{attr: "mlflow.trace.session", as: asJSON, at: metadata2}, {attr: "metadata", own: true, path: "session_id|thread_id", at: metadata2}},
		fAgentName:     {{attr: "name", as: asJSON, own: true, only: kindsOf(KindAgent), at: last1}, {attr: "metadata", with: memberText("lc_agent_name"), note: "`lc_agent_name`", own: true, at: last1}},
		fPromptName:    {{attr: "mlflow.linkedPrompts", path: "0.name"}},
		fPromptVersion: {{attr: "mlflow.linkedPrompts", path: "0.version"}},
		fToolName:      {{as: asName, own: true, at: last1}},
		fToolCallID:    {{attr: "mlflow.spanOutputs", with: toolMessageID, note: ofToolMessage, at: events1}},
		fInputMessages: {{attr: "mlflow.spanInputs", as: asBody, only: onlyLLM}, {attr: "mlflow.spanInputs", path: "messages", only: kindsOf(KindAgent, KindChain)}, {attr: mlflowAsked, as: asBody, own: true, only: onlyLLM}},
		fOutputMessages: {
			{event: mlflowChunks + "0", attr: mlflowChunk, with: answerInChunks, note: "with the calls of tools that only the chunks have", only: onlyLLM},
			{attr: "mlflow.spanOutputs", as: asBody, only: onlyLLM},
			{attr: "mlflow.spanOutputs", path: "output", only: onlyLLM},
			{attr: mlflowAnswered, as: asBody, own: true, only: onlyLLM},
		},
		fSystemInstructions: {
			{attr: "mlflow.spanInputs", as: asBody, only: onlyLLM, object: true, with: bodyOnly, note: "of a request's body"},
			{attr: mlflowAsked, as: asBody, own: true, only: onlyLLM, object: true, with: bodyOnly, note: "of a request's body"},
		},
		fToolDefinitions: {
			{attr: "mlflow.chat.tools"},
			{attr: "mlflow.spanInputs", as: asBody, only: onlyLLM, object: true, with: bodyOnly, note: "of a request's body"},
		},
		fToolArguments: {{attr: "mlflow.spanInputs", as: asJSON, at: afterOpenLIT1}, {attr: mlflowAsked, as: asJSON, own: true, at: last1}},
		fToolResult:    {{attr: "mlflow.spanOutputs", as: asJSON, at: afterOpenLIT1}, {attr: mlflowAnswered, as: asJSON, own: true, at: last1}},
		fRetrievalQuery: {
			{attr: "mlflow.spanInputs", path: "query|input|question"}, {attr: "mlflow.spanInputs", as: asJSON},
			{attr: mlflowAsked, path: "query|input|question", own: true}, {attr: mlflowAsked, as: asJSON, own: true},
		},
		fDocuments: {{attr: "mlflow.spanOutputs", as: asWrapped}, {attr: mlflowAnswered, as: asWrapped, own: true}},
	},
	words: []string{mlflowChunk},
	kinds: []kindRule{
		{at: kindByMLflow, attr: "mlflow.spanType", overrules: true, values: map[string]Kind{
			"llm": KindLLM, "chat_model": KindLLM, "chain": KindChain, "workflow": KindChain, "task": KindChain,
			"agent": KindAgent, "tool": KindTool, "retriever": KindRetriever, "embedding": KindEmbedding,
			"reranker": KindReranker, "guardrail": KindGuardrail, "evaluator": KindEvaluator, "": KindOther,
		}},
	},
})
