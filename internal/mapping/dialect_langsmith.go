package mapping

// LangSmith in its OpenTelemetry mode.
var _ = register(dialect{
	name:     "LangSmith",
	versions: "*langsmith* (Python) 0.9; *langsmith* (npm) 0.12.0",
	scopes:   []string{"langsmith"},
	marks:    []string{"langsmith.span.kind", "langsmith.trace.name"},
	sources: map[field][]source{
		fProvider:     {{attr: "langsmith.metadata.ls_provider"}},
		fRequestModel: {{attr: "langsmith.metadata.ls_model_name"}},
		fResponseModel: {
			{attr: "gen_ai.completion", own: true, only: onlyLLM, path: "generations.0.0.message.kwargs.response_metadata.model_name", at: last1},
			{attr: "gen_ai.completion", own: true, only: onlyLLM, path: "generations.0.0.generation_info.model_name", at: last1},
			{attr: "gen_ai.completion", own: true, only: onlyLLM, with: answerModel, note: answerBody, at: last1},
		},
		fResponseID: {
			{attr: "langsmith.metadata.id", with: ofResponse, note: "of an object that is a response"},
			{attr: "gen_ai.completion", own: true, only: onlyLLM, with: answerID, note: answerBody, at: last1},
		},
		fStreaming:    {{attr: "langsmith.request.streaming", at: libraryNames1}},
		fInputTokens:  {{attr: "langsmith.usage_metadata", path: "input_tokens"}, {attr: "langsmith.metadata.usage_metadata", path: "input_tokens"}},
		fOutputTokens: {{attr: "langsmith.usage_metadata", path: "output_tokens"}, {attr: "langsmith.metadata.usage_metadata", path: "output_tokens"}},
		fTotalTokens:  {{attr: "langsmith.usage_metadata", path: "total_tokens"}, {attr: "langsmith.metadata.usage_metadata", path: "total_tokens"}},
		fCacheRead: {
			{attr: "gen_ai.usage.input_token_details", path: "cache_read"},
			{attr: "langsmith.usage_metadata", path: "input_token_details.cache_read"},
			{attr: "langsmith.metadata.usage_metadata", path: "input_token_details.cache_read"},
		},
		fCacheCreation: {
			{attr: "gen_ai.usage.input_token_details", path: "cache_creation"},
			{attr: "langsmith.usage_metadata", path: "input_token_details.cache_creation"},
			{attr: "langsmith.metadata.usage_metadata", path: "input_token_details.cache_creation"},
		},
		fCacheWrite5m: {
			{attr: "gen_ai.usage.input_token_details", path: "ephemeral_5m_input_tokens"},
			{attr: "langsmith.usage_metadata", path: "input_token_details.ephemeral_5m_input_tokens"},
		},
		fCacheWrite1h: {
			{attr: "gen_ai.usage.input_token_details", path: "ephemeral_1h_input_tokens"},
			{attr: "langsmith.usage_metadata", path: "input_token_details.ephemeral_1h_input_tokens"},
		},
		fReasoning: {
			{attr: "gen_ai.usage.output_token_details", path: "reasoning"},
			{attr: "langsmith.usage_metadata", path: "output_token_details.reasoning"},
			{attr: "langsmith.metadata.usage_metadata", path: "output_token_details.reasoning"},
		},
		fUserID: {{attr: "langsmith.metadata.user_id"}},
		fSessionID: {
			{attr: "langsmith.metadata.session_id"},
			{attr: "langsmith.metadata.thread_id"},
			{attr: "langsmith.metadata.conversation_id"},
		},
		fTags: {{attr: "langsmith.span.tags", at: afterLegacy}},
		fAgentName: {
			{attr: "langsmith.metadata.lc_agent_name"},
			{attr: "langsmith.trace.name", only: kindsOf(KindAgent), with: ofAgentsSDK, note: "of an agent of the OpenAI Agents SDK", at: last1},
		},
		fToolName: {{attr: "langsmith.trace.name"}},
		fRequestParameters: {
			{attr: "langsmith.metadata.ls_temperature", param: "temperature"},
			{attr: "langsmith.metadata.ls_max_tokens", param: "max_tokens"},
			{attr: "langsmith.metadata.ls_stop", param: "stop_sequences"},
			{attr: "gen_ai.prompt", as: asBody, own: true, only: onlyLLM, object: true, with: bodyWithModel, note: "of a body that names a model", at: last1},
		},
		fToolCallID:    {{attr: "gen_ai.completion", own: true, with: toolMessageID, note: ofToolMessage, at: events1}},
		fToolArguments: {{attr: "gen_ai.prompt", as: asWrapped, own: true, at: afterOpenLIT1}},
		fToolResult:    {{attr: "gen_ai.completion", as: asWrapped, own: true, at: afterOpenLIT1}},
	},
	kinds: []kindRule{
		{at: kindByLangSmith, attr: "langsmith.metadata.output_type", of: agentOfSDK, note: "a chain of the OpenAI Agents SDK, which LangSmith did not name itself → agent"},
		{at: kindByLangSmith, attr: "langsmith.span.kind", overrules: true, values: map[string]Kind{
			"llm": KindLLM, "chain": KindChain, "tool": KindTool, "retriever": KindRetriever,
			"embedding": KindEmbedding, "prompt": KindPrompt, "parser": KindOther,
		}},
	},
	// A failed run has status OK; only the exception event tells.
	failed: func(r Reading) bool { return r.HasException() },
	// The usage of a chain is that of the messages it returns, were it only given them.
	passesOn: func(r Reading) bool {
		given := r.parseOnce(r.attr("gen_ai.prompt")).Get("input")
		return given.Get("usage_metadata").Exists() || given.Get("response_metadata").Get("token_usage").Exists()
	},
})

// bodyWithModel passes on the body of a request to a model's API.
func bodyWithModel(r Reading, v value) value {
	if n := bodyOnly(r, v).node; n.Get("model").Exists() || n.Get("modelId").Exists() {
		return value{node: n}
	}
	return value{}
}

// agentOfSDK knows the spans of agents by what they are expected to give, which the spans below them
// repeat: those have names of LangSmith's, or are of other kinds.
func agentOfSDK(r Reading, _ string) (Kind, verdict) {
	kind, _ := r.attr("langsmith.span.kind").str()
	name, _ := r.attr("langsmith.trace.name").str()
	if kind != "chain" || !ofAgentsSDK(r, r.attr("langsmith.trace.name")).exists() || name == "Span" || name == "Handoff" {
		return KindOther, undecided
	}
	return KindAgent, decided
}

// ofAgentsSDK passes on what a span of the OpenAI Agents SDK says.
func ofAgentsSDK(r Reading, v value) value {
	if integration, _ := r.attr("langsmith.metadata.ls_integration").str(); integration == "openai-agents-sdk" {
		return v
	}
	return value{}
}

// ofResponse passes on the id of what the OpenAI Agents SDK says to be a response: other metadata is
// the application's.
func ofResponse(r Reading, v value) value {
	if object, _ := r.attr("langsmith.metadata.object").str(); object == "response" {
		return v
	}
	return value{}
}
