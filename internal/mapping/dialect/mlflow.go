package dialect

// What MLflow calls inputs and outputs where it exports by the GenAI conventions.
const (
	mlflowAsked    = "gen_ai.request.input"
	mlflowAnswered = "gen_ai.response.output"
)

// MLflow tracing: every value is JSON, strings included.
var _ = register(Dialect{
	Name:     "MLflow",
	Versions: "*mlflow* 3 (Python: native, GenAI conventions, LangChain, DSPy); spans name no version",
	Scopes:   []string{"mlflow.*"},
	Marks:    []string{"mlflow.spanType", "mlflow.traceRequestId"},
	Sources: map[Field][]Source{
		Provider: {{Attr: "mlflow.llm.provider", As: AsJSON}},
		RequestModel: {
			{Attr: "model", As: AsJSON, Own: true, Only: ModelKinds},
			{Attr: "mlflow.spanInputs", Path: "model|modelId", Only: ModelKinds},
			{Attr: "mlflow.llm.model", As: AsJSON},
		},
		ResponseModel: {
			{Attr: "mlflow.spanOutputs", Path: "model", Only: ModelKinds},
			{Attr: mlflowAnswered, Path: "model", Own: true, Only: ModelKinds},
			{Attr: "mlflow.llm.model", As: AsJSON, With: unlessRequested, Note: "unless it is the request model"},
		},
		ResponseID: {{Attr: "mlflow.spanOutputs", Path: "id", Only: ModelKinds}, {Attr: mlflowAnswered, Path: "id", Own: true, Only: ModelKinds}, {Attr: "id", As: AsJSON, Own: true, Only: OnlyLLM}},
		RequestParameters: {
			{Attr: "mlflow.spanInputs", As: AsBody, Only: OnlyLLM, Object: true, With: bodyWithModel, Note: "of a body that names a model", At: last1},
			{Attr: mlflowAsked, As: AsBody, Own: true, Only: OnlyLLM, Object: true, With: bodyWithModel, Note: "of a body that names a model", At: last1},
			{Attr: "invocation_params", As: AsBody, Own: true, At: last1},
			{Attr: "temperature", Own: true, Param: "temperature", At: last1},
			{Attr: "max_tokens", Own: true, Param: "max_tokens", At: last1},
			{Attr: "top_p", Own: true, Param: "top_p", At: last1},
		},
		Streaming:     {{Attr: "mlflow.spanInputs", Path: "stream", Only: OnlyLLM, At: last1}, {Attr: "stream", Own: true, Only: OnlyLLM, At: last1}},
		TTFT:          {{Event: mlflowChunks + "0", At: events4, Streams: true}},
		InputTokens:   {{Attr: "mlflow.chat.tokenUsage", Path: "input_tokens"}, {Attr: "mlflow.spanOutputs", Only: ModelKinds, With: bodyCount("prompt_tokens", "input_tokens", "prompt_token_count"), Note: ofBodyCounts}, {Attr: "usage", Path: "input_tokens|prompt_tokens", Own: true, Only: ModelKinds}},
		OutputTokens:  {{Attr: "mlflow.chat.tokenUsage", Path: "output_tokens"}, {Attr: "mlflow.spanOutputs", Only: OnlyLLM, With: bodyCount("completion_tokens", "output_tokens", "candidates_token_count"), Note: ofBodyCounts}, {Attr: "usage", Path: "output_tokens|completion_tokens", Own: true, Only: OnlyLLM}},
		TotalTokens:   {{Attr: "mlflow.chat.tokenUsage", Path: "total_tokens"}, {Attr: "mlflow.spanOutputs", Only: ModelKinds, With: bodyCount("total_tokens", "total_token_count"), Note: ofBodyCounts}, {Attr: "usage", Path: "total_tokens", Own: true, Only: ModelKinds}},
		CacheRead:     {{Attr: "mlflow.chat.tokenUsage", Path: "cache_read_input_tokens"}, {Attr: "mlflow.spanOutputs", Only: OnlyLLM, With: bodyCount("cached_tokens", "cache_read_input_tokens"), Note: ofBodyCounts}, {Attr: "usage", Path: "input_tokens_details|prompt_tokens_details.cached_tokens", Own: true, Only: OnlyLLM}},
		CacheCreation: {{Attr: "mlflow.chat.tokenUsage", Path: "cache_creation_input_tokens"}},
		Reasoning:     {{Attr: "mlflow.spanOutputs", Only: OnlyLLM, With: bodyCount("reasoning_tokens", "thoughts_token_count"), Note: ofBodyCounts}, {Attr: "usage", Path: "output_tokens_details|completion_tokens_details.reasoning_tokens", Own: true, Only: OnlyLLM}},
		InputCost:     {{Attr: "mlflow.llm.cost", Path: "input_cost"}},
		OutputCost:    {{Attr: "mlflow.llm.cost", Path: "output_cost"}},
		TotalCost:     {{Attr: "mlflow.llm.cost", Path: "total_cost"}},
		UserID:        {{Attr: "mlflow.trace.user", As: AsJSON, At: metadata2}, {Attr: "metadata", Own: true, Path: "user_id", At: metadata2}},
		SessionID:     {{Attr: "mlflow.trace.session", As: AsJSON, At: metadata2}, {Attr: "metadata", Own: true, Path: "session_id|thread_id", At: metadata2}},
		AgentName:     {{Attr: "name", As: AsJSON, Own: true, Only: KindsOf(KindAgent), At: last1}, {Attr: "metadata", With: memberText("lc_agent_name"), Note: "`lc_agent_name`", Own: true, At: last1}},
		PromptName:    {{Attr: "mlflow.linkedPrompts", Path: "0.name"}},
		PromptVersion: {{Attr: "mlflow.linkedPrompts", Path: "0.version"}},
		ToolName:      {{As: AsName, Own: true, At: last1}},
		ToolCallID:    {{Attr: "mlflow.spanOutputs", With: toolMessageID, Note: ofToolMessage, At: events1}},
		InputMessages: {{Attr: "mlflow.spanInputs", As: AsBody, Only: OnlyLLM}, {Attr: "mlflow.spanInputs", Path: "messages", Only: KindsOf(KindAgent, KindChain)}, {Attr: mlflowAsked, As: AsBody, Own: true, Only: OnlyLLM}},
		OutputMessages: {
			{Event: mlflowChunks + "0", Attr: mlflowChunk, With: answerInChunks, Note: "with the calls of tools that only the chunks have", Only: OnlyLLM},
			{Attr: "mlflow.spanOutputs", As: AsBody, Only: OnlyLLM},
			{Attr: "mlflow.spanOutputs", Path: "output", Only: OnlyLLM},
			{Attr: mlflowAnswered, As: AsBody, Own: true, Only: OnlyLLM},
		},
		SystemInstructions: {
			{Attr: "mlflow.spanInputs", As: AsBody, Only: OnlyLLM, Object: true, With: bodyOnly, Note: "of a request's body"},
			{Attr: mlflowAsked, As: AsBody, Own: true, Only: OnlyLLM, Object: true, With: bodyOnly, Note: "of a request's body"},
		},
		ToolDefinitions: {
			{Attr: "mlflow.chat.tools"},
			{Attr: "mlflow.spanInputs", As: AsBody, Only: OnlyLLM, Object: true, With: bodyOnly, Note: "of a request's body"},
		},
		ToolArguments: {{Attr: "mlflow.spanInputs", As: AsJSON, At: afterOpenLIT1}, {Attr: mlflowAsked, As: AsJSON, Own: true, At: last1}},
		ToolResult:    {{Attr: "mlflow.spanOutputs", As: AsJSON, At: afterOpenLIT1}, {Attr: mlflowAnswered, As: AsJSON, Own: true, At: last1}},
		RetrievalQuery: {
			{Attr: "mlflow.spanInputs", Path: "query|input|question"}, {Attr: "mlflow.spanInputs", As: AsJSON},
			{Attr: mlflowAsked, Path: "query|input|question", Own: true}, {Attr: mlflowAsked, As: AsJSON, Own: true},
		},
		Documents: {{Attr: "mlflow.spanOutputs", As: AsWrapped}, {Attr: mlflowAnswered, As: AsWrapped, Own: true}},
	},
	Words: []string{mlflowChunk},
	Kinds: []KindRule{
		{Group: kindByMLflow, Attr: "mlflow.spanType", Overrules: true, Values: map[string]Kind{
			"llm": KindLLM, "chat_model": KindLLM, "chain": KindChain, "workflow": KindChain, "task": KindChain,
			"agent": KindAgent, "tool": KindTool, "retriever": KindRetriever, "embedding": KindEmbedding,
			"reranker": KindReranker, "guardrail": KindGuardrail, "evaluator": KindEvaluator, "": KindOther,
		}},
	},
})
