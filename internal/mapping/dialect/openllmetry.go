package dialect

import "github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"

// OpenLLMetry, of Traceloop.
var _ = register(Dialect{
	Name:       "OpenLLMetry (Traceloop)",
	Convention: true,
	Versions:   "opentelemetry-instrumentation-openai 0.40.4, -anthropic 0.61.0; *@traceloop/node-server-sdk* 0.27.0",
	Scopes: []string{
		"traceloop.tracer", "@traceloop/*", "opentelemetry.instrumentation.openai.v1", "opentelemetry.instrumentation.langchain",
	},
	Marks: []string{"llm.request.type", "traceloop.span.kind", "traceloop.workflow.name", "traceloop.entity.name"},
	Sources: map[Field][]Source{
		FinishReasons: {{Attr: "gen_ai.completion.#", With: indexedFinishReasons, Note: "`finish_reason` of each"}},
		RequestParameters: {
			{Attr: "llm.request.max_tokens", Param: "max_tokens"}, {Attr: "llm.request.temperature", Param: "temperature"}, {Attr: "llm.request.top_p", Param: "top_p"},
			{Attr: "llm.temperature", Param: "temperature"}, {Attr: "llm.top_p", Param: "top_p"}, {Attr: "llm.top_k", Param: "top_k"}, {Attr: "llm.max_tokens", Param: "max_tokens"},
			{Attr: "llm.frequency_penalty", Param: "frequency_penalty"}, {Attr: "llm.presence_penalty", Param: "presence_penalty"},
			{Attr: "llm.chat.stop_sequences", Param: "stop_sequences"},
		},
		Streaming: {
			{Attr: "gen_ai.is_streaming", At: otherNames2},
			{Attr: "llm.is_streaming", At: otherNames3},
			{Attr: "llm.stream", At: otherNames4},
		},
		TTFT: {
			{Event: "gen_ai.content.completion.chunk", At: events2, Streams: true},
			{Event: "llm.content.completion.chunk", At: events2, Streams: true},
		},
		InputTokens:  {{Attr: "llm.usage.prompt_tokens", At: afterOpenInference}},
		OutputTokens: {{Attr: "llm.usage.completion_tokens", At: afterOpenInference}},
		TotalTokens:  {{Attr: "llm.usage.total_tokens"}},
		Reasoning:    {{Attr: "llm.usage.reasoning_tokens"}},
		UserID: {
			{Attr: "gen_ai.user", At: libraryNames1},
			{Attr: "llm.user", At: libraryNames3},
			{Attr: "traceloop.association.properties.user_id"},
		},
		SessionID: {
			{Attr: "traceloop.association.properties.session_id"},
			{Attr: "traceloop.association.properties.thread_id"},
			{Attr: "traceloop.association.properties.conversation_id"},
		},
		PromptName:    {{Attr: "traceloop.prompt.key", At: libraryNames1}},
		PromptVersion: {{Attr: "traceloop.prompt.version", At: libraryNames1}},
		AgentName:     {{Attr: "traceloop.entity.name", With: ofTraceloopAgent, Note: "where `traceloop.span.kind` is agent"}},
		ToolName: {
			{Attr: "traceloop.entity.output", With: toolMessageName, Note: nameInToolMessage},
			{Attr: "traceloop.entity.name"},
		},
		InputMessages: {
			{Attr: "gen_ai.input.messages", Own: true, With: listInText, Note: "of Responses, a list as text", At: exactNames},
			{Attr: "gen_ai.prompt.#", Heads: openLLMetryHeads, Drop: []string{"user"}, Blocks: true},
			{Attr: "llm.prompts.#", Heads: openLLMetryHeads, Drop: []string{"user"}},
		},
		OutputMessages: {
			{Attr: "gen_ai.completion.#", Heads: openLLMetryHeads, Blocks: true},
			{Attr: "llm.completions.#", Heads: openLLMetryHeads},
		},
		ToolDefinitions: {{Attr: "llm.request.functions.#"}},
		ToolArguments:   {{Attr: "traceloop.entity.input", Verbatim: true}},
		ToolResult:      {{Attr: "traceloop.entity.output"}},
		ToolCallID:      {{Attr: "traceloop.entity.output", With: toolMessageID, Note: ofToolMessage, At: events1}},
		Documents:       {{As: AsDocumentEvents, At: events1}},
	},
	Kinds: []KindRule{
		{Group: kindByTraceloop, Attr: "traceloop.span.kind", Values: map[string]Kind{
			"workflow": KindChain, "task": KindChain, "agent": KindAgent, "tool": KindTool, "session": KindOther,
		}},
		{Group: kindByRequest, Attr: "llm.request.type", Values: map[string]Kind{
			"chat": KindLLM, "completion": KindLLM, "embedding": KindEmbedding, "rerank": KindReranker,
		}},
	},
	Words: []string{
		"traceloop.prompt.template", "traceloop.prompt.template_variables", "gen_ai.task.input", "gen_ai.task.output",
		"crewai.crew.tasks_output", "crewai.crew.result",
	},
	Documents: []DocumentEvent{
		{Event: "db.query.result", Prefix: "db.query.result."},
		{Event: "db.search.result", Prefix: "db.search.result."},
	},
	Completion: []string{"llm.request.type=completion"},
	Chat:       []string{"llm.request.type=chat"},
})

var openLLMetryHeads = []string{
	"role", "content", "name", "tool_call_id", "tool_calls", "function_call", "finish_reason", "refusal", "reasoning", "user", "text",
}

// ofTraceloopAgent lets the name of an entity be an agent's only on its own span.
func ofTraceloopAgent(r Reading, v value.Value) value.Value {
	if kind, _ := r.Attr("traceloop.span.kind").Str(); kind == "agent" {
		return v
	}
	return value.Value{}
}

// indexedFinishReasons lists the finish reasons of the choices.
func indexedFinishReasons(r Reading, v value.Value) value.Value {
	return r.ListOf(v, "finish_reason")
}
