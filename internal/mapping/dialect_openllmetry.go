package mapping

// OpenLLMetry, of Traceloop.
var _ = register(dialect{
	name:       "OpenLLMetry (Traceloop)",
	convention: true,
	versions:   "opentelemetry-instrumentation-openai 0.40.4, -anthropic 0.61.0; *@traceloop/node-server-sdk* 0.27.0",
	scopes: []string{
		"traceloop.tracer", "@traceloop/*", "opentelemetry.instrumentation.openai.v1", "opentelemetry.instrumentation.langchain",
	},
	marks: []string{"llm.request.type", "traceloop.span.kind", "traceloop.workflow.name", "traceloop.entity.name"},
	sources: map[field][]source{
		fFinishReasons: {{attr: "gen_ai.completion.#", with: indexedFinishReasons, note: "`finish_reason` of each"}},
		fRequestParameters: {
			{attr: "llm.request.max_tokens", param: "max_tokens"}, {attr: "llm.request.temperature", param: "temperature"}, {attr: "llm.request.top_p", param: "top_p"},
			{attr: "llm.temperature", param: "temperature"}, {attr: "llm.top_p", param: "top_p"}, {attr: "llm.top_k", param: "top_k"}, {attr: "llm.max_tokens", param: "max_tokens"},
			{attr: "llm.frequency_penalty", param: "frequency_penalty"}, {attr: "llm.presence_penalty", param: "presence_penalty"},
			{attr: "llm.chat.stop_sequences", param: "stop_sequences"},
		},
		fStreaming: {
			{attr: "gen_ai.is_streaming", at: otherNames2},
			{attr: "llm.is_streaming", at: otherNames3},
			{attr: "llm.stream", at: otherNames4},
		},
		fTTFT: {
			{event: "gen_ai.content.completion.chunk", at: events2, streams: true},
			{event: "llm.content.completion.chunk", at: events2, streams: true},
		},
		fInputTokens:  {{attr: "llm.usage.prompt_tokens", at: afterOpenInference}},
		fOutputTokens: {{attr: "llm.usage.completion_tokens", at: afterOpenInference}},
		fTotalTokens:  {{attr: "llm.usage.total_tokens"}},
		fReasoning:    {{attr: "llm.usage.reasoning_tokens"}},
		fUserID: {
			{attr: "gen_ai.user", at: libraryNames1},
			{attr: "llm.user", at: libraryNames3},
			{attr: "traceloop.association.properties.user_id"},
		},
		fSessionID: {
			{attr: "traceloop.association.properties.session_id"},
			{attr: "traceloop.association.properties.thread_id"},
			{attr: "traceloop.association.properties.conversation_id"},
		},
		fPromptName:    {{attr: "traceloop.prompt.key", at: libraryNames1}},
		fPromptVersion: {{attr: "traceloop.prompt.version", at: libraryNames1}},
		fAgentName:     {{attr: "traceloop.entity.name", with: ofTraceloopAgent, note: "where `traceloop.span.kind` is agent"}},
		fToolName: {
			{attr: "traceloop.entity.output", with: toolMessageName, note: nameInToolMessage},
			{attr: "traceloop.entity.name"},
		},
		fInputMessages: {
			{attr: "gen_ai.input.messages", own: true, with: listInText, note: "of Responses, a list as text", at: exactNames},
			{attr: "gen_ai.prompt.#", heads: openLLMetryHeads, drop: []string{"user"}, blocks: true},
			{attr: "llm.prompts.#", heads: openLLMetryHeads, drop: []string{"user"}},
		},
		fOutputMessages: {
			{attr: "gen_ai.completion.#", heads: openLLMetryHeads, blocks: true},
			{attr: "llm.completions.#", heads: openLLMetryHeads},
		},
		fToolDefinitions: {{attr: "llm.request.functions.#"}},
		fToolArguments:   {{attr: "traceloop.entity.input", verbatim: true}},
		fToolResult:      {{attr: "traceloop.entity.output"}},
		fToolCallID:      {{attr: "traceloop.entity.output", with: toolMessageID, note: ofToolMessage, at: events1}},
		fDocuments:       {{as: asDocumentEvents, at: events1}},
	},
	kinds: []kindRule{
		{at: kindByTraceloop, attr: "traceloop.span.kind", values: map[string]Kind{
			"workflow": KindChain, "task": KindChain, "agent": KindAgent, "tool": KindTool, "session": KindOther,
		}},
		{at: kindByRequest, attr: "llm.request.type", values: map[string]Kind{
			"chat": KindLLM, "completion": KindLLM, "embedding": KindEmbedding, "rerank": KindReranker,
		}},
	},
	words: []string{
		"traceloop.prompt.template", "traceloop.prompt.template_variables", "gen_ai.task.input", "gen_ai.task.output",
		"crewai.crew.tasks_output", "crewai.crew.result",
	},
	documents: []documentEvent{
		{event: "db.query.result", prefix: "db.query.result."},
		{event: "db.search.result", prefix: "db.search.result."},
	},
	completion: []string{"llm.request.type=completion"},
	chat:       []string{"llm.request.type=chat"},
})

var openLLMetryHeads = []string{
	"role", "content", "name", "tool_call_id", "tool_calls", "function_call", "finish_reason", "refusal", "reasoning", "user", "text",
}

// ofTraceloopAgent lets the name of an entity be an agent's only on its own span.
func ofTraceloopAgent(r Reading, v value) value {
	if kind, _ := r.attr("traceloop.span.kind").str(); kind == "agent" {
		return v
	}
	return value{}
}

// indexedFinishReasons lists the finish reasons of the choices.
func indexedFinishReasons(r Reading, v value) value {
	return r.listOf(v, "finish_reason")
}
