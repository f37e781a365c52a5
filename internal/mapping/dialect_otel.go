package mapping

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// The GenAI conventions since 1.37.
var _ = register(dialect{
	name:       "OpenTelemetry GenAI, current",
	convention: true,
	versions:   "semantic conventions 1.37 to 1.41: opentelemetry-instrumentation-openai-v2 2.3b0, -anthropic 2.4b0, -google-genai 0.6b0; *ai* 7.0.173 with *@ai-sdk/otel* 1.0.173; gemini-cli 0.40",
	marks:      []string{"gen_ai.provider.name", "gen_ai.input.messages", "gen_ai.output.messages"},
	sources: map[field][]source{
		fOperation:    {{attr: "gen_ai.operation.name"}},
		fProvider:     {{attr: "gen_ai.provider.name"}},
		fRequestModel: {{attr: "gen_ai.request.model"}},
		fResponseModel: {
			{attr: "gen_ai.response.model"},
			{attr: "gen_ai.output.messages", object: true, with: member("model"), note: "`model` of a body", at: last1},
		},
		fResponseID: {
			{attr: "gen_ai.response.id"},
			{attr: "gen_ai.output.messages", object: true, with: member("id"), note: "`id` of a body", at: last1},
			{attr: "gen_ai.response_id", at: last2},
		},
		fFinishReasons: {{attr: "gen_ai.response.finish_reasons"}},
		fRequestParameters: {
			{attr: "gen_ai.request.*", except: []string{"model", "stream", "is_stream", "llm_is_streaming", "user", "type", "provider", "available_tools", "functions.", "tools", "tools.", "tool.", "messages", "input", "prompt", "instructions", "body"}},
			{attr: "gen_ai.output.type", param: "output_type"},
			{attr: "gen_ai.input.messages", as: asBody, object: true, with: bodyWithModel, note: "of a body that names a model", at: last1},
		},
		fStreaming: {
			{attr: "gen_ai.request.stream"},
			{attr: "gen_ai.request.llm_is_streaming", at: last1}, // of Ax
			{attr: "gen_ai.input.messages", object: true, with: member("stream"), note: "`stream` of a body", at: last1},
			{attr: "gen_ai.operation.name", with: streamedOperation, note: "that has `stream` in its name", at: last2, seldom: true},
		},
		fTTFT: {
			{attr: "gen_ai.response.time_to_first_chunk", as: asSeconds, streams: true},
			{attr: "gen_ai.client.operation.time_to_first_chunk", as: asSeconds, streams: true},
			{attr: "gen_ai.server.time_to_first_token", as: asSeconds, with: ofStream, note: "unless the span says that it did not stream", at: otherNames1},
		},
		fInputTokens: {
			{attr: "gen_ai.usage.input_tokens"},
			{attr: "gen_ai.output.messages", object: true, with: usageOfBody(fInputTokens), note: "of the usage in a body", at: last1},
		},
		fOutputTokens: {
			{attr: "gen_ai.usage.output_tokens"},
			{attr: "gen_ai.output.messages", object: true, with: usageOfBody(fOutputTokens), note: "of the usage in a body", at: last1},
		},
		fTotalTokens: {
			{attr: "gen_ai.usage.total_tokens"},
			{attr: "gen_ai.output.messages", object: true, with: usageOfBody(fTotalTokens), note: "of the usage in a body", at: last1},
		},
		fCacheRead: {
			{attr: "gen_ai.usage.cache_read.input_tokens"},
			{attr: "gen_ai.output.messages", object: true, with: usageOfBody(fCacheRead), note: "of the usage in a body", at: last1},
		},
		fCacheCreation: {
			{attr: "gen_ai.usage.cache_creation.input_tokens"},
			{attr: "gen_ai.usage.cache_write.input_tokens", at: otherNames3},
			{attr: "gen_ai.output.messages", object: true, with: usageOfBody(fCacheCreation), note: "of the usage in a body", at: last1},
		},
		fReasoning: {
			{attr: "gen_ai.usage.reasoning.output_tokens"},
			{attr: "gen_ai.output.messages", object: true, with: usageOfBody(fReasoning), note: "of the usage in a body", at: last1},
		},
		fTotalCost: {{attr: "gen_ai.usage.cost", with: pricedCost, note: "but 0 of OpenLIT for Python, which has no price then"}},
		fServiceTier: {
			{attr: "openai.response.service_tier"}, {attr: "anthropic.response.service_tier"}, {attr: "gen_ai.response.service_tier"},
			{attr: "gen_ai.openai.response.service_tier"},
			{attr: "openai.request.service_tier", with: namedTier, note: "but `auto`", at: last1},
			{attr: "anthropic.request.service_tier", with: namedTier, note: "but `auto`", at: last1},
			{attr: "gen_ai.openai.request.service_tier", with: namedTier, note: "but `auto`", at: last1},
		},
		fSessionID:           {{attr: "gen_ai.conversation.id"}},
		fPromptName:          {{attr: "gen_ai.prompt.name", with: templateName, note: "but Gemini CLI's, which is an id"}},
		fPromptVersion:       {{attr: "gen_ai.prompt.version"}},
		fAgentName:           {{attr: "gen_ai.agent.name"}},
		fAgentID:             {{attr: "gen_ai.agent.id"}},
		fToolName:            {{attr: "gen_ai.tool.name"}},
		fToolCallID:          {{attr: "gen_ai.tool.call.id"}},
		fEmbeddingDimensions: {{attr: "gen_ai.embeddings.dimension.count"}},
		fInputMessages: {
			{attr: "gen_ai.input.messages", with: repliesOfSystem, note: "answers of the role system as the model's, beside instructions", seldom: true},
			{attr: "gen_ai.input.messages", as: asBody, with: undotted(openInferenceWraps), note: "nested again if it is flattened"},
			{attr: "gen_ai.input.messages_delta", delta: true},
			{event: inferenceDetails, attr: "gen_ai.input.messages", at: events1},
		},
		fOutputMessages: {
			{attr: "gen_ai.output.messages", as: asBody, with: undotted(openInferenceWraps), note: "nested again if it is flattened"},
			{event: inferenceDetails, attr: "gen_ai.output.messages", at: events1},
		},
		fSystemInstructions: {
			{attr: "gen_ai.system_instructions"},
			{attr: "gen_ai.input.messages", as: asBody, object: true, with: bodyOnly, note: "of a request's body", at: last1},
			{event: inferenceDetails, attr: "gen_ai.system_instructions", at: events1},
			{attr: "gen_ai.request.instructions", at: last1}, // of the first Agent Frameworks
		},
		fToolDefinitions: {
			{attr: "gen_ai.tool.definitions"},
			{attr: "gen_ai.input.messages", as: asBody, object: true, with: bodyOnly, note: "of a request's body", at: last1},
			{event: inferenceDetails, attr: "gen_ai.tool.definitions", at: events1},
			{attr: "gen_ai.request.tools", at: last1},
			{attr: "gen_ai.request.tools.#", at: last1},
			{attr: "gen_ai.request.tool.definitions", at: last1},
		},
		fToolArguments: {
			{attr: "gen_ai.tool.call.arguments"},
			{event: inferenceDetails, attr: "gen_ai.input.messages", as: asToolPart, at: events2},
			{attr: "gen_ai.input.messages", as: asToolPart, at: events3},
		},
		fToolResult: {
			{attr: "gen_ai.tool.call.result"},
			{event: inferenceDetails, attr: "gen_ai.output.messages", as: asToolPart, at: events2},
			{attr: "gen_ai.output.messages", as: asToolPart, at: events3},
		},
		fRetrievalQuery: {{attr: "gen_ai.retrieval.query.text"}},
		fDocuments:      {{attr: "gen_ai.retrieval.documents"}},
	},
	kinds: []kindRule{
		{at: kindByOperation, attr: "gen_ai.operation.name", values: operationKinds},
	},
	words: []string{"gen_ai.evaluation.explanation"},
	// Where the words are that were uploaded.
	facts: []string{
		"gen_ai.input.messages_ref", "gen_ai.output.messages_ref", "gen_ai.system_instructions_ref", "gen_ai.tool.definitions_ref",
		"gen_ai.input.messages.ref", "gen_ai.output.messages.ref", "gen_ai.system_instructions.ref", "gen_ai.tool.definitions.ref",
	},
})

// streamedOperation knows operations that are named apart where they stream: chat_streaming.
func streamedOperation(r Reading, v value) value {
	if s, _ := v.str(); strings.Contains(s, "stream") {
		return value{node: r.Doc().Bool(true)}
	}
	return value{}
}

// ofStream passes over what is the latency of the whole answer where nothing streamed.
func ofStream(r Reading, v value) value {
	if streamed, told := r.Streamed(); told && !streamed {
		return value{}
	}
	return v
}

// templateName passes over what Gemini CLI writes: the id of one prompt, not the name
// of a template.
func templateName(r Reading, v value) value {
	if r.ScopeName() == "gemini-cli" {
		return value{}
	}
	return v
}

// repliesOfSystem gives the model's messages of a history their role where the sender, as Gemini CLI,
// writes system: the system's own instructions are apart, and no message is the model's.
func repliesOfSystem(r Reading, v value) value {
	if !r.attr("gen_ai.system_instructions").exists() {
		return value{}
	}
	text, is := v.str()
	if !is && hasSystem(v.attr) {
		text = r.JSONText(v)
	}
	// In this order, since nearly every history has an answer of the assistant near its begin. To look for system in
	// whole histories first was a fifth of what it took to map the workload agent.
	if strings.Contains(text, `"assistant"`) || strings.Contains(text, `"model"`) || !strings.Contains(text, `"system"`) {
		return value{}
	}
	at := strings.Index(text, `"user"`)
	if at < 0 {
		return value{}
	}
	if named := systemReplies.Replace(text[at:]); named != text[at:] {
		return r.textValue(text[:at] + named)
	}
	return value{}
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

// The GenAI conventions up to 1.36: content in attributes, then in events.
var _ = register(dialect{
	name:       "OpenTelemetry GenAI, legacy",
	convention: true,
	versions:   "semantic conventions 1.26 to 1.36: *@opentelemetry/instrumentation-openai* 0.21.0; Semantic Kernel 1.55; Azure AI Inference; *OpenTelemetry Java agent* 2.33.1",
	marks:      []string{"gen_ai.system"},
	sources: map[field][]source{
		fProvider: {{attr: "gen_ai.system", at: otherNames1}},
		fFinishReasons: {
			{attr: "gen_ai.response.finish_reason", at: otherNames1},
			{attr: "llm.response.finish_reason", at: otherNames1},
			{attr: "gen_ai.response.stop_reason", at: afterVercel1},
			{attr: "llm.response.stop_reason", at: afterVercel1},
		},
		fRequestParameters: {
			{attr: "gen_ai.openai.request.seed", param: "seed", at: otherNames1},
			{attr: "gen_ai.openai.request.response_format", param: "response_format", at: otherNames1},
			{attr: "gen_ai.openai.request.service_tier", param: "service_tier", at: otherNames1},
		},
		fInputTokens:  {{attr: "gen_ai.usage.prompt_tokens", at: otherNames1}},
		fOutputTokens: {{attr: "gen_ai.usage.completion_tokens", at: otherNames1}},
		fCacheRead: {
			{attr: "gen_ai.usage.cache_read_input_tokens", at: otherNames1},
			{attr: "gen_ai.usage.cache_read_tokens", at: otherNames1},
			{attr: "gen_ai.usage.details.cache_read_tokens", at: otherNames2},
			{attr: "gen_ai.usage.details.cache_read_input_tokens", at: otherNames2},
			{attr: "gen_ai.usage.prompt_tokens_details.cached_tokens", at: otherNames3},
			{attr: "gen_ai.usage.cached_input_tokens", at: otherNames3},
			{attr: "gen_ai.usage.input_cached_tokens", at: otherNames3},
		},
		fCacheCreation: {
			{attr: "gen_ai.usage.cache_creation_input_tokens", at: otherNames1},
			{attr: "gen_ai.usage.cache_write_input_tokens", at: otherNames2},
			{attr: "gen_ai.usage.cache_write_tokens", at: otherNames4},
			{attr: "gen_ai.usage.details.cache_write_tokens", at: otherNames4},
			{attr: "gen_ai.usage.details.cache_creation_input_tokens", at: otherNames4},
			{attr: "gen_ai.usage.prompt_tokens_details.cache_creation_tokens", at: otherNames4},
			{attr: "gen_ai.usage.input_cache_creation", at: otherNames4},
		},
		fReasoning: {
			{attr: "gen_ai.usage.reasoning_tokens", at: otherNames1},
			{attr: "gen_ai.usage.details.reasoning_tokens", at: otherNames2},
			{attr: "gen_ai.usage.completion_tokens_details.reasoning_tokens", at: otherNames2},
		},
		fInputMessages: {
			{attr: "gen_ai.prompt", as: asBody, at: afterOpenLIT2},
			{as: asMessageEvents, at: events2},
			{event: "gen_ai.content.prompt", attr: "gen_ai.prompt", at: events3},
			{event: "gen_ai.content.prompt", attr: "content", at: events3},
		},
		fOutputMessages: {
			{attr: "gen_ai.completion", as: asBody, at: afterOpenLIT2},
			{attr: "gen_ai.completion", path: "output", at: afterOpenLIT2},
			{as: asMessageEvents, at: events2},
			{event: "gen_ai.content.completion", attr: "gen_ai.completion", at: events3},
			{event: "gen_ai.content.completion", attr: "content", at: events3},
		},
		fSystemInstructions: {{attr: "gen_ai.prompt", as: asBody, object: true, with: bodyOnly, note: "of a request's body", at: afterOpenLIT2}},
		fToolDefinitions:    {{attr: "gen_ai.prompt", as: asBody, object: true, with: bodyOnly, note: "of a request's body", at: afterOpenLIT2}},
		fToolCallID:         {{event: "gen_ai.tool.message", attr: "id", at: events1}},
		fToolArguments: {
			{attr: "gen_ai.prompt", at: afterOpenLIT2},
			{event: "gen_ai.tool.message", attr: "content", at: events1},
			{event: "gen_ai.tool.input", attr: "gen_ai.tool.input", at: events1},
			{event: "gen_ai.tool.input", attr: "gen_ai.tool.call.arguments", at: events1},
		},
		fToolResult: {
			{attr: "gen_ai.completion", at: afterOpenLIT2},
			{event: "gen_ai.choice", attr: "message", at: events1},
			{event: "gen_ai.tool.output", attr: "gen_ai.tool.output", at: events1},
			{event: "gen_ai.tool.output", attr: "gen_ai.tool.call.result", at: events1},
		},
		fRetrievalQuery: {{attr: "gen_ai.prompt", path: "query|input|question"}},
		fDocuments:      {{attr: "gen_ai.completion", as: asWrapped}},
	},
	messages: []messageEvent{
		{event: "gen_ai.system.message", role: "system"},
		{event: "gen_ai.user.message", role: "user"},
		{event: "gen_ai.assistant.message", role: "assistant"},
		{event: "gen_ai.tool.message", role: "tool"},
		{event: "gen_ai.choice", role: "assistant", output: true},
	},
})

// member takes a member of a JSON object; lists, which have none, are not parsed.
func member(key string) func(Reading, value) value {
	return func(r Reading, v value) value { return value{node: bodyOnly(r, v).node.Get(key)} }
}

// namedTier passes over the tier that leaves the choice to the provider.
func namedTier(_ Reading, v value) value {
	if s, _ := v.str(); s == "auto" {
		return value{}
	}
	return v
}

// usageOfBody takes a count from the usage in the body of a response.
func usageOfBody(f field) func(Reading, value) value {
	return func(r Reading, v value) value {
		usage := child(bodyOnly(r, v).node, []string{"usage", "usageMetadata", "usage_metadata"})
		if !isObject(usage) {
			return value{}
		}
		if n, ok := r.countIn(usage, f); ok {
			return value{node: r.Doc().Int(n)}
		}
		return value{}
	}
}

// bodyOnly passes on JSON objects only: a bare prompt is no place for system
// instructions or tools.
func bodyOnly(r Reading, v value) value {
	if !v.node.Exists() && !mayBeObject(v.attr) {
		return value{}
	}
	if n := r.parseOnce(v); isObject(n) {
		return value{node: n}
	}
	return value{}
}

// operationKinds tells the kind from gen_ai.operation.name.
var operationKinds = map[string]Kind{
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
