package mapping

// field is a normalised field that attributes and events feed.
type field uint8

const (
	fOperation field = iota
	fProvider
	fServerAddress // only to infer the provider
	fRequestModel
	fResponseModel
	fResponseID
	fFinishReasons
	fRequestParameters
	fStreaming
	fTTFT
	fInputTokens
	fOutputTokens
	fTotalTokens
	fCacheRead
	fCacheCreation
	fReasoning
	fCacheWrite5m // only to add up
	fCacheWrite1h
	fInputAudio
	fOutputAudio
	fInputImage
	fOutputImage
	fWebSearches
	fServiceTier
	fInputCost
	fOutputCost
	fTotalCost
	fUserID
	fSessionID
	fServiceName
	fEnvironment
	fRelease
	fTags
	fPromptName
	fPromptVersion
	fAgentName
	fAgentID
	fToolName
	fToolCallID
	fEmbeddingDimensions
	fErrorType
	fErrorMessage
	fInputMessages
	fOutputMessages
	fSystemInstructions
	fToolDefinitions
	fToolArguments
	fToolResult
	fRetrievalQuery
	fDocuments
	numFields
)

// kindSet is a set of kinds.
type kindSet uint16

func kindsOf(kinds ...Kind) kindSet {
	var s kindSet
	for _, k := range kinds {
		s |= 1 << k
	}
	return s
}

func (s kindSet) has(k Kind) bool { return s&(1<<k) != 0 }

var (
	anyKind      = ^kindSet(0)
	onlyLLM      = kindsOf(KindLLM)
	onlyTool     = kindsOf(KindTool)
	modelKinds   = kindsOf(KindLLM, KindEmbedding, KindReranker)
	searchKinds  = kindsOf(KindRetriever, KindReranker)
	messageKinds = kindsOf(KindLLM, KindAgent, KindChain, KindPrompt, KindGuardrail, KindEvaluator, KindOther)
)

// fieldInfo says where a field lands and which spans have it.
type fieldInfo struct {
	column string // of llm_spans, for the docs
	kinds  kindSet
	words  bool // the field is a content: its attributes never stay in facts
}

var fields = [numFields]fieldInfo{
	fOperation:           {"operation", anyKind, false},
	fProvider:            {"provider", anyKind, false},
	fServerAddress:       {"provider (inferred)", modelKinds, false},
	fRequestModel:        {"request_model", anyKind, false},
	fResponseModel:       {"response_model", anyKind, false},
	fResponseID:          {"response_id", anyKind, false},
	fFinishReasons:       {"finish_reasons", anyKind, false},
	fRequestParameters:   {"request_parameters", anyKind, false},
	fStreaming:           {"streaming", anyKind, false},
	fTTFT:                {"ttft_ms", anyKind, false},
	fInputTokens:         {"input_tokens", anyKind, false},
	fOutputTokens:        {"output_tokens", anyKind, false},
	fTotalTokens:         {"total_tokens", anyKind, false},
	fCacheRead:           {"cache_read_tokens", anyKind, false},
	fCacheCreation:       {"cache_creation_tokens", anyKind, false},
	fReasoning:           {"reasoning_tokens", anyKind, false},
	fCacheWrite5m:        {"cache_creation_tokens (kept for 5 minutes)", anyKind, false},
	fCacheWrite1h:        {"cache_write_1h_tokens", anyKind, false},
	fInputAudio:          {"input_audio_tokens", anyKind, false},
	fOutputAudio:         {"output_audio_tokens", anyKind, false},
	fInputImage:          {"input_image_tokens", anyKind, false},
	fOutputImage:         {"output_image_tokens", anyKind, false},
	fWebSearches:         {"web_search_requests", anyKind, false},
	fServiceTier:         {"service_tier", anyKind, false},
	fInputCost:           {"input_cost", anyKind, false},
	fOutputCost:          {"output_cost", anyKind, false},
	fTotalCost:           {"total_cost", anyKind, false},
	fUserID:              {"user_id", anyKind, false},
	fSessionID:           {"session_id", anyKind, false},
	fServiceName:         {"service_name", anyKind, false},
	fEnvironment:         {"environment", anyKind, false},
	fRelease:             {"release", anyKind, false},
	fTags:                {"tags", anyKind, false},
	fPromptName:          {"prompt_name", anyKind, false},
	fPromptVersion:       {"prompt_version", anyKind, false},
	fAgentName:           {"agent_name", anyKind, false},
	fAgentID:             {"agent_id", anyKind, false},
	fToolName:            {"tool_name", onlyTool, false},
	fToolCallID:          {"tool_call_id", onlyTool, false},
	fEmbeddingDimensions: {"embedding_dimensions", kindsOf(KindEmbedding), false},
	fErrorType:           {"error_type", anyKind, false},
	fErrorMessage:        {"error_message", anyKind, false},
	fInputMessages:       {"input_message_ids", messageKinds, true},
	fOutputMessages:      {"output_message_ids", messageKinds, true},
	fSystemInstructions:  {"system_instructions_id", messageKinds, true},
	fToolDefinitions:     {"tool_definitions_id", messageKinds, true},
	fToolArguments:       {"tool_arguments_id", onlyTool, true},
	fToolResult:          {"tool_result_id", onlyTool, true},
	fRetrievalQuery:      {"retrieval_query_id", searchKinds, true},
	fDocuments:           {"document_ids", searchKinds, true},
}
