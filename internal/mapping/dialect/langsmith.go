package dialect

import "github.com/llm-observatory/llmobservatoryexporter/internal/mapping/value"

// LangSmith in its OpenTelemetry mode.
var _ = register(Dialect{
	Name:     "LangSmith",
	Versions: "*langsmith* (Python) 0.9; *langsmith* (npm) 0.12.0",
	Scopes:   []string{"langsmith"},
	Marks:    []string{"langsmith.span.kind", "langsmith.trace.name"},
	Sources: map[Field][]Source{
		Provider:     {{Attr: "langsmith.metadata.ls_provider"}},
		RequestModel: {{Attr: "langsmith.metadata.ls_model_name"}},
		ResponseModel: {
			{Attr: "gen_ai.completion", Own: true, Only: OnlyLLM, Path: "generations.0.0.message.kwargs.response_metadata.model_name", At: last1},
			{Attr: "gen_ai.completion", Own: true, Only: OnlyLLM, Path: "generations.0.0.generation_info.model_name", At: last1},
			{Attr: "gen_ai.completion", Own: true, Only: OnlyLLM, With: answerModel, Note: answerBody, At: last1},
		},
		ResponseID: {
			{Attr: "langsmith.metadata.id", With: ofResponse, Note: "of an object that is a response"},
			{Attr: "gen_ai.completion", Own: true, Only: OnlyLLM, With: answerID, Note: answerBody, At: last1},
		},
		Streaming:    {{Attr: "langsmith.request.streaming", At: libraryNames1}},
		InputTokens:  {{Attr: "langsmith.usage_metadata", Path: "input_tokens"}, {Attr: "langsmith.metadata.usage_metadata", Path: "input_tokens"}},
		OutputTokens: {{Attr: "langsmith.usage_metadata", Path: "output_tokens"}, {Attr: "langsmith.metadata.usage_metadata", Path: "output_tokens"}},
		TotalTokens:  {{Attr: "langsmith.usage_metadata", Path: "total_tokens"}, {Attr: "langsmith.metadata.usage_metadata", Path: "total_tokens"}},
		CacheRead: {
			{Attr: "gen_ai.usage.input_token_details", Path: "cache_read"},
			{Attr: "langsmith.usage_metadata", Path: "input_token_details.cache_read"},
			{Attr: "langsmith.metadata.usage_metadata", Path: "input_token_details.cache_read"},
		},
		CacheCreation: {
			{Attr: "gen_ai.usage.input_token_details", Path: "cache_creation"},
			{Attr: "langsmith.usage_metadata", Path: "input_token_details.cache_creation"},
			{Attr: "langsmith.metadata.usage_metadata", Path: "input_token_details.cache_creation"},
		},
		CacheWrite5m: {
			{Attr: "gen_ai.usage.input_token_details", Path: "ephemeral_5m_input_tokens"},
			{Attr: "langsmith.usage_metadata", Path: "input_token_details.ephemeral_5m_input_tokens"},
		},
		CacheWrite1h: {
			{Attr: "gen_ai.usage.input_token_details", Path: "ephemeral_1h_input_tokens"},
			{Attr: "langsmith.usage_metadata", Path: "input_token_details.ephemeral_1h_input_tokens"},
		},
		Reasoning: {
			{Attr: "gen_ai.usage.output_token_details", Path: "reasoning"},
			{Attr: "langsmith.usage_metadata", Path: "output_token_details.reasoning"},
			{Attr: "langsmith.metadata.usage_metadata", Path: "output_token_details.reasoning"},
		},
		UserID: {{Attr: "langsmith.metadata.user_id"}},
		SessionID: {
			{Attr: "langsmith.metadata.session_id"},
			{Attr: "langsmith.metadata.thread_id"},
			{Attr: "langsmith.metadata.conversation_id"},
		},
		Tags: {{Attr: "langsmith.span.tags", At: afterLegacy}},
		AgentName: {
			{Attr: "langsmith.metadata.lc_agent_name"},
			{Attr: "langsmith.trace.name", Only: KindsOf(KindAgent), With: ofAgentsSDK, Note: "of an agent of the OpenAI Agents SDK", At: last1},
		},
		ToolName: {{Attr: "langsmith.trace.name"}},
		RequestParameters: {
			{Attr: "langsmith.metadata.ls_temperature", Param: "temperature"},
			{Attr: "langsmith.metadata.ls_max_tokens", Param: "max_tokens"},
			{Attr: "langsmith.metadata.ls_stop", Param: "stop_sequences"},
			{Attr: "gen_ai.prompt", As: AsBody, Own: true, Only: OnlyLLM, Object: true, With: bodyWithModel, Note: "of a body that names a model", At: last1},
		},
		ToolCallID:    {{Attr: "gen_ai.completion", Own: true, With: toolMessageID, Note: ofToolMessage, At: events1}},
		ToolArguments: {{Attr: "gen_ai.prompt", As: AsWrapped, Own: true, At: afterOpenLIT1}},
		ToolResult:    {{Attr: "gen_ai.completion", As: AsWrapped, Own: true, At: afterOpenLIT1}},
	},
	Kinds: []KindRule{
		{Group: kindByLangSmith, Attr: "langsmith.metadata.output_type", Of: agentOfSDK, Note: "a chain of the OpenAI Agents SDK, which LangSmith did not name itself → agent"},
		{Group: kindByLangSmith, Attr: "langsmith.span.kind", Overrules: true, Values: map[string]Kind{
			"llm": KindLLM, "chain": KindChain, "tool": KindTool, "retriever": KindRetriever,
			"embedding": KindEmbedding, "prompt": KindPrompt, "parser": KindOther,
		}},
	},
	// A failed run has status OK; only the exception event tells.
	Failed: func(r Reading) bool { return r.HasException() },
	// The usage of a chain is that of the messages it returns, were it only given them.
	PassesOn: func(r Reading) bool {
		given := r.ParseOnce(r.Attr("gen_ai.prompt")).Get("input")
		return given.Get("usage_metadata").Exists() || given.Get("response_metadata").Get("token_usage").Exists()
	},
})

// bodyWithModel passes on the body of a request to a model's API.
func bodyWithModel(r Reading, v value.Value) value.Value {
	if n := bodyOnly(r, v).Node; n.Get("model").Exists() || n.Get("modelId").Exists() {
		return value.Value{Node: n}
	}
	return value.Value{}
}

// agentOfSDK knows the spans of agents by what they are expected to give, which the spans below them
// repeat: those have names of LangSmith's, or are of other kinds.
func agentOfSDK(r Reading, _ string) (Kind, Verdict) {
	kind, _ := r.Attr("langsmith.span.kind").Str()
	name, _ := r.Attr("langsmith.trace.name").Str()
	if kind != "chain" || !ofAgentsSDK(r, r.Attr("langsmith.trace.name")).Exists() || name == "Span" || name == "Handoff" {
		return KindOther, Undecided
	}
	return KindAgent, Decided
}

// ofAgentsSDK passes on what a span of the OpenAI Agents SDK says.
func ofAgentsSDK(r Reading, v value.Value) value.Value {
	if integration, _ := r.Attr("langsmith.metadata.ls_integration").Str(); integration == "openai-agents-sdk" {
		return v
	}
	return value.Value{}
}

// ofResponse passes on the id of what the OpenAI Agents SDK says to be a response: other metadata is
// the application's.
func ofResponse(r Reading, v value.Value) value.Value {
	if object, _ := r.Attr("langsmith.metadata.object").Str(); object == "response" {
		return v
	}
	return value.Value{}
}
