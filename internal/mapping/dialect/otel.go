package dialect

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"
)

// The GenAI conventions since 1.37.
var _ = register(Dialect{
	Name:       "OpenTelemetry GenAI, current",
	Convention: true,
	Versions:   "semantic conventions 1.37 to 1.41: opentelemetry-instrumentation-openai-v2 2.3b0, -anthropic 2.4b0, -google-genai 0.6b0; *ai* 7.0.173 with *@ai-sdk/otel* 1.0.173; gemini-cli 0.40",
	Marks:      []string{"gen_ai.provider.name", "gen_ai.input.messages", "gen_ai.output.messages"},
	Sources: map[Field][]Source{
		Operation:    {{Attr: "gen_ai.operation.name"}},
		Provider:     {{Attr: "gen_ai.provider.name"}},
		RequestModel: {{Attr: "gen_ai.request.model"}},
		ResponseModel: {
			{Attr: "gen_ai.response.model"},
			{Attr: "gen_ai.output.messages", Object: true, With: member("model"), Note: "`model` of a body", At: last1},
		},
		ResponseID: {
			{Attr: "gen_ai.response.id"},
			{Attr: "gen_ai.output.messages", Object: true, With: member("id"), Note: "`id` of a body", At: last1},
			{Attr: "gen_ai.response_id", At: last2},
		},
		FinishReasons: {{Attr: "gen_ai.response.finish_reasons"}},
		RequestParameters: {
			{Attr: "gen_ai.request.*", Except: []string{"model", "stream", "is_stream", "llm_is_streaming", "user", "type", "provider", "available_tools", "functions.", "tools", "tools.", "tool.", "messages", "input", "prompt", "instructions", "body"}},
			{Attr: "gen_ai.output.type", Param: "output_type"},
			{Attr: "gen_ai.input.messages", As: AsBody, Object: true, With: bodyWithModel, Note: "of a body that names a model", At: last1},
		},
		Streaming: {
			{Attr: "gen_ai.request.stream"},
			{Attr: "gen_ai.request.llm_is_streaming", At: last1}, // of Ax
			{Attr: "gen_ai.input.messages", Object: true, With: member("stream"), Note: "`stream` of a body", At: last1},
			{Attr: "gen_ai.operation.name", With: streamedOperation, Note: "that has `stream` in its name", At: last2, Seldom: true},
		},
		TTFT: {
			{Attr: "gen_ai.response.time_to_first_chunk", As: AsSeconds, Streams: true},
			{Attr: "gen_ai.client.operation.time_to_first_chunk", As: AsSeconds, Streams: true},
			{Attr: "gen_ai.server.time_to_first_token", As: AsSeconds, With: ofStream, Note: "unless the span says that it did not stream", At: otherNames1},
		},
		InputTokens: {
			{Attr: "gen_ai.usage.input_tokens"},
			{Attr: "gen_ai.output.messages", Object: true, With: usageOfBody(InputTokens), Note: "of the usage in a body", At: last1},
		},
		OutputTokens: {
			{Attr: "gen_ai.usage.output_tokens"},
			{Attr: "gen_ai.output.messages", Object: true, With: usageOfBody(OutputTokens), Note: "of the usage in a body", At: last1},
		},
		TotalTokens: {
			{Attr: "gen_ai.usage.total_tokens"},
			{Attr: "gen_ai.output.messages", Object: true, With: usageOfBody(TotalTokens), Note: "of the usage in a body", At: last1},
		},
		CacheRead: {
			{Attr: "gen_ai.usage.cache_read.input_tokens"},
			{Attr: "gen_ai.output.messages", Object: true, With: usageOfBody(CacheRead), Note: "of the usage in a body", At: last1},
		},
		CacheCreation: {
			{Attr: "gen_ai.usage.cache_creation.input_tokens"},
			{Attr: "gen_ai.usage.cache_write.input_tokens", At: otherNames3},
			{Attr: "gen_ai.output.messages", Object: true, With: usageOfBody(CacheCreation), Note: "of the usage in a body", At: last1},
		},
		Reasoning: {
			{Attr: "gen_ai.usage.reasoning.output_tokens"},
			{Attr: "gen_ai.output.messages", Object: true, With: usageOfBody(Reasoning), Note: "of the usage in a body", At: last1},
		},
		TotalCost: {{Attr: "gen_ai.usage.cost", With: pricedCost, Note: "but 0 of OpenLIT for Python, which has no price then"}},
		ServiceTier: {
			{Attr: "openai.response.service_tier"}, {Attr: "anthropic.response.service_tier"}, {Attr: "gen_ai.response.service_tier"},
			{Attr: "gen_ai.openai.response.service_tier"},
			{Attr: "openai.request.service_tier", With: namedTier, Note: "but `auto`", At: last1},
			{Attr: "anthropic.request.service_tier", With: namedTier, Note: "but `auto`", At: last1},
			{Attr: "gen_ai.openai.request.service_tier", With: namedTier, Note: "but `auto`", At: last1},
		},
		SessionID:           {{Attr: "gen_ai.conversation.id"}},
		PromptName:          {{Attr: "gen_ai.prompt.name", With: templateName, Note: "but Gemini CLI's, which is an id"}},
		PromptVersion:       {{Attr: "gen_ai.prompt.version"}},
		AgentName:           {{Attr: "gen_ai.agent.name"}},
		AgentID:             {{Attr: "gen_ai.agent.id"}},
		ToolName:            {{Attr: "gen_ai.tool.name"}},
		ToolCallID:          {{Attr: "gen_ai.tool.call.id"}},
		EmbeddingDimensions: {{Attr: "gen_ai.embeddings.dimension.count"}},
		InputMessages: {
			{Attr: "gen_ai.input.messages", With: repliesOfSystem, Note: "answers of the role system as the model's, beside instructions", Seldom: true},
			{Attr: "gen_ai.input.messages", As: AsBody, With: Undotted(openInferenceWraps), Note: "nested again if it is flattened"},
			{Attr: "gen_ai.input.messages_delta", Delta: true},
			{Event: inferenceDetails, Attr: "gen_ai.input.messages", At: events1},
		},
		OutputMessages: {
			{Attr: "gen_ai.output.messages", As: AsBody, With: Undotted(openInferenceWraps), Note: "nested again if it is flattened"},
			{Event: inferenceDetails, Attr: "gen_ai.output.messages", At: events1},
		},
		SystemInstructions: {
			{Attr: "gen_ai.system_instructions"},
			{Attr: "gen_ai.input.messages", As: AsBody, Object: true, With: bodyOnly, Note: "of a request's body", At: last1},
			{Event: inferenceDetails, Attr: "gen_ai.system_instructions", At: events1},
			{Attr: "gen_ai.request.instructions", At: last1}, // of the first Agent Frameworks
		},
		ToolDefinitions: {
			{Attr: "gen_ai.tool.definitions"},
			{Attr: "gen_ai.input.messages", As: AsBody, Object: true, With: bodyOnly, Note: "of a request's body", At: last1},
			{Event: inferenceDetails, Attr: "gen_ai.tool.definitions", At: events1},
			{Attr: "gen_ai.request.tools", At: last1},
			{Attr: "gen_ai.request.tools.#", At: last1},
			{Attr: "gen_ai.request.tool.definitions", At: last1},
		},
		ToolArguments: {
			{Attr: "gen_ai.tool.call.arguments"},
			{Event: inferenceDetails, Attr: "gen_ai.input.messages", As: AsToolPart, At: events2},
			{Attr: "gen_ai.input.messages", As: AsToolPart, At: events3},
		},
		ToolResult: {
			{Attr: "gen_ai.tool.call.result"},
			{Event: inferenceDetails, Attr: "gen_ai.output.messages", As: AsToolPart, At: events2},
			{Attr: "gen_ai.output.messages", As: AsToolPart, At: events3},
		},
		RetrievalQuery: {{Attr: "gen_ai.retrieval.query.text"}},
		Documents:      {{Attr: "gen_ai.retrieval.documents"}},
	},
	Kinds: []KindRule{
		{Group: kindByOperation, Attr: "gen_ai.operation.name", Values: OperationKinds},
	},
	Words: []string{"gen_ai.evaluation.explanation"},
	// Where the words are that were uploaded.
	Facts: []string{
		"gen_ai.input.messages_ref", "gen_ai.output.messages_ref", "gen_ai.system_instructions_ref", "gen_ai.tool.definitions_ref",
		"gen_ai.input.messages.ref", "gen_ai.output.messages.ref", "gen_ai.system_instructions.ref", "gen_ai.tool.definitions.ref",
	},
})

// streamedOperation knows operations that are named apart where they stream: chat_streaming.
func streamedOperation(r Reading, v value.Value) value.Value {
	if s, _ := v.Str(); strings.Contains(s, "stream") {
		return value.Value{Node: r.Doc().Bool(true)}
	}
	return value.Value{}
}

// ofStream passes over what is the latency of the whole answer where nothing streamed.
func ofStream(r Reading, v value.Value) value.Value {
	if streamed, told := r.Streamed(); told && !streamed {
		return value.Value{}
	}
	return v
}

// templateName passes over what Gemini CLI writes: the id of one prompt, not the name
// of a template.
func templateName(r Reading, v value.Value) value.Value {
	if r.ScopeName() == "gemini-cli" {
		return value.Value{}
	}
	return v
}

// repliesOfSystem gives the model's messages of a history their role where the sender, as Gemini CLI,
// writes system: the system's own instructions are apart, and no message is the model's.
func repliesOfSystem(r Reading, v value.Value) value.Value {
	if !r.Attr("gen_ai.system_instructions").Exists() {
		return value.Value{}
	}
	text, is := v.Str()
	if !is && hasSystem(v.Attr) {
		text = r.JSONText(v)
	}
	// In this order, since nearly every history has an answer of the assistant near its begin. To look for system in
	// whole histories first was a fifth of what it took to map the workload agent.
	if strings.Contains(text, `"assistant"`) || strings.Contains(text, `"model"`) || !strings.Contains(text, `"system"`) {
		return value.Value{}
	}
	at := strings.Index(text, `"user"`)
	if at < 0 {
		return value.Value{}
	}
	if named := systemReplies.Replace(text[at:]); named != text[at:] {
		return r.TextValue(text[:at] + named)
	}
	return value.Value{}
}

// hasSystem reports whether a list has a message of the role system.
func hasSystem(list pcommon.Value) bool {
	if list == (pcommon.Value{}) || list.Type() != pcommon.ValueTypeSlice {
		return false
	}
	for _, m := range list.Slice().All() {
		if m.Type() != pcommon.ValueTypeMap {
			continue
		}
		if role, ok := m.Map().Get("role"); ok && role.Type() == pcommon.ValueTypeStr && role.Str() == "system" {
			return true
		}
	}
	return false
}

// systemReplies are the ways to write such a message; the last is that of structured values, whose keys are sorted.
var systemReplies = strings.NewReplacer(
	`{"role":"system","parts":[`, `{"role":"model","parts":[`, `{"role": "system", "parts": [`, `{"role": "model", "parts": [`,
	`],"role":"system"}`, `],"role":"model"}`)

// inferenceDetails is the event that carries the messages of a call; several may
// carry one attribute each.
const inferenceDetails = "gen_ai.client.inference.operation.details"

// member takes a member of a JSON object; lists, which have none, are not parsed.
func member(key string) func(Reading, value.Value) value.Value {
	return func(r Reading, v value.Value) value.Value { return value.Value{Node: bodyOnly(r, v).Node.Get(key)} }
}

// namedTier passes over the tier that leaves the choice to the provider.
func namedTier(_ Reading, v value.Value) value.Value {
	if s, _ := v.Str(); s == "auto" {
		return value.Value{}
	}
	return v
}

// usageOfBody takes a count from the usage in the body of a response.
func usageOfBody(f Field) func(Reading, value.Value) value.Value {
	return func(r Reading, v value.Value) value.Value {
		usage := value.Child(bodyOnly(r, v).Node, []string{"usage", "usageMetadata", "usage_metadata"})
		if !value.IsObject(usage) {
			return value.Value{}
		}
		if n, ok := r.CountIn(usage, f); ok {
			return value.Value{Node: r.Doc().Int(n)}
		}
		return value.Value{}
	}
}

// bodyOnly passes on JSON objects only: a bare prompt is no place for system
// instructions or tools.
func bodyOnly(r Reading, v value.Value) value.Value {
	if !v.Node.Exists() && !value.MayBeObject(v.Attr) {
		return value.Value{}
	}
	if n := r.ParseOnce(v); value.IsObject(n) {
		return value.Value{Node: n}
	}
	return value.Value{}
}

// OperationKinds tells the kind from gen_ai.operation.name.
var OperationKinds = map[string]Kind{
	"chat": KindLLM, "completion": KindLLM, "text_completion": KindLLM, "generate_content": KindLLM, "generate": KindLLM,
	"llm_request": KindLLM, "llm_call": KindLLM, "call_llm": KindLLM, "responses": KindLLM, "aresponses": KindLLM, "acompletion": KindLLM,
	"embeddings": KindEmbedding, "embedding": KindEmbedding, "aembedding": KindEmbedding,
	"execute_tool": KindTool,
	"invoke_agent": KindAgent, "create_agent": KindAgent,
	"retrieval": KindRetriever, "vector_db_retrieve": KindRetriever, "search_memory": KindRetriever,
	"rerank": KindReranker, "arerank": KindReranker,
	"invoke_workflow": KindChain, "execute_task": KindChain, "agent_step": KindChain, "execute_event_loop_cycle": KindChain, "plan": KindChain,
	"create_memory": KindTool, "update_memory": KindTool, "upsert_memory": KindTool, "delete_memory": KindTool,
	"create_memory_store": KindTool, "delete_memory_store": KindTool,
	"vectordb": KindOther,
}
