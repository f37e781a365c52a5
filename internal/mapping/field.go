package mapping

import (
	"cmp"

	"github.com/shopspring/decimal"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
)

// searchKinds are those of spans that look for documents.
var searchKinds = kindsOf(KindRetriever, KindReranker)

// fieldInfo says where a field lands, and which spans have it.
type fieldInfo struct {
	column string // of llm_spans, for the docs
	kinds  kindSet
	of     any  // what the column holds, as Column.Of; nil where the field only adds to another column
	plain  bool // text that the first source tells; package-level functions resolve the others
}

// on are the kinds of spans that have the field: any, where none are named.
func (i *fieldInfo) on() kindSet { return cmp.Or(i.kinds, anyKind) }

// words reports whether the field is a content: its attributes never stay in facts.
func (i *fieldInfo) words() bool {
	switch i.of.(type) {
	case func(*Span) *content.ID, func(*Span) []content.ID:
		return true
	}
	return false
}

var fields = [numFields]fieldInfo{
	fOperation:           {column: "operation", of: func(s *Span) *string { return &s.Operation }},
	fProvider:            {column: "provider", of: func(s *Span) *string { return &s.Provider }},
	fServerAddress:       {column: "provider (inferred)", kinds: modelKinds},
	fRequestModel:        {column: "request_model", of: func(s *Span) *string { return &s.RequestModel }, plain: true},
	fResponseModel:       {column: "response_model", of: func(s *Span) *string { return &s.ResponseModel }, plain: true},
	fResponseID:          {column: "response_id", of: func(s *Span) *string { return &s.ResponseID }, plain: true},
	fFinishReasons:       {column: "finish_reasons", of: func(s *Span) []string { return s.FinishReasons }},
	fRequestParameters:   {column: "request_parameters", of: func(s *Span) []byte { return s.RequestParameters }},
	fStreaming:           {column: "streaming", of: func(s *Span) Bool { return s.Streaming }},
	fTTFT:                {column: "ttft_ms", of: func(s *Span) Float { return s.TTFTMillis }},
	fInputTokens:         {column: "input_tokens", of: func(u *Usage) Int { return u.Input }},
	fOutputTokens:        {column: "output_tokens", of: func(u *Usage) Int { return u.Output }},
	fTotalTokens:         {column: "total_tokens", of: func(u *Usage) Int { return u.Total }},
	fCacheRead:           {column: "cache_read_tokens", of: func(u *Usage) Int { return u.CacheRead }},
	fCacheCreation:       {column: "cache_creation_tokens", of: func(u *Usage) Int { return u.CacheCreation }},
	fReasoning:           {column: "reasoning_tokens", of: func(u *Usage) Int { return u.Reasoning }},
	fCacheWrite5m:        {column: "cache_creation_tokens (kept for 5 minutes)"},
	fCacheWrite1h:        {column: "cache_write_1h_tokens", of: func(u *Usage) Int { return u.Parts.Get().CacheWrite1h }},
	fInputAudio:          {column: "input_audio_tokens", of: func(u *Usage) Int { return u.Parts.Get().InputAudio }},
	fOutputAudio:         {column: "output_audio_tokens", of: func(u *Usage) Int { return u.Parts.Get().OutputAudio }},
	fInputImage:          {column: "input_image_tokens", of: func(u *Usage) Int { return u.Parts.Get().InputImage }},
	fOutputImage:         {column: "output_image_tokens", of: func(u *Usage) Int { return u.Parts.Get().OutputImage }},
	fWebSearches:         {column: "web_search_requests", of: func(u *Usage) Int { return u.Parts.Get().WebSearchRequests }},
	fServiceTier:         {column: "service_tier", of: func(s *Span) *string { return &s.ServiceTier }, plain: true},
	fInputCost:           {column: "input_cost", of: func(u *Usage) decimal.NullDecimal { return u.Parts.Get().InputCost }},
	fOutputCost:          {column: "output_cost", of: func(u *Usage) decimal.NullDecimal { return u.Parts.Get().OutputCost }},
	fTotalCost:           {column: "total_cost", of: func(u *Usage) decimal.NullDecimal { return u.TotalCost }},
	fUserID:              {column: "user_id", of: func(s *Span) *string { return &s.UserID }, plain: true},
	fSessionID:           {column: "session_id", of: func(s *Span) *string { return &s.SessionID }, plain: true},
	fServiceName:         {column: "service_name", of: func(s *Span) *string { return &s.ServiceName }},
	fEnvironment:         {column: "environment", of: func(s *Span) *string { return &s.Environment }},
	fRelease:             {column: "release", of: func(s *Span) *string { return &s.Release }},
	fTags:                {column: "tags", of: func(s *Span) []string { return s.Tags }},
	fPromptName:          {column: "prompt_name", of: func(s *Span) *string { return &s.PromptName }},
	fPromptVersion:       {column: "prompt_version", of: func(s *Span) *string { return &s.PromptVersion }},
	fAgentName:           {column: "agent_name", of: func(s *Span) *string { return &s.AgentName }, plain: true},
	fAgentID:             {column: "agent_id", of: func(s *Span) *string { return &s.AgentID }, plain: true},
	fToolName:            {column: "tool_name", kinds: onlyTool, of: func(s *Span) *string { return &s.ToolName }, plain: true},
	fToolCallID:          {column: "tool_call_id", kinds: onlyTool, of: func(s *Span) *string { return &s.ToolCallID }, plain: true},
	fEmbeddingDimensions: {column: "embedding_dimensions", kinds: kindsOf(KindEmbedding), of: func(s *Span) Int { return s.EmbeddingDimensions }},
	fErrorType:           {column: "error_type", of: func(s *Span) *string { return &s.ErrorType }},
	fErrorMessage:        {column: "error_message", of: func(s *Span) *string { return &s.ErrorMessage }},
	fInputMessages:       {column: "input_message_ids", kinds: messageKinds, of: func(s *Span) []content.ID { return s.InputMessageIDs }},
	fOutputMessages:      {column: "output_message_ids", kinds: messageKinds, of: func(s *Span) []content.ID { return s.OutputMessageIDs }},
	fSystemInstructions:  {column: "system_instructions_id", kinds: messageKinds, of: func(s *Span) *content.ID { return &s.SystemInstructionsID }},
	fToolDefinitions:     {column: "tool_definitions_id", kinds: messageKinds, of: func(s *Span) *content.ID { return &s.ToolDefinitionsID }},
	fToolArguments:       {column: "tool_arguments_id", kinds: onlyTool, of: func(s *Span) *content.ID { return &s.ToolArgumentsID }},
	fToolResult:          {column: "tool_result_id", kinds: onlyTool, of: func(s *Span) *content.ID { return &s.ToolResultID }},
	fRetrievalQuery:      {column: "retrieval_query_id", kinds: searchKinds, of: func(s *Span) *content.ID { return &s.RetrievalQueryID }},
	fDocuments:           {column: "document_ids", kinds: searchKinds, of: func(s *Span) []content.ID { return s.DocumentIDs }},
}

// Column is a column of llm_spans that attributes feed.
type Column struct {
	Name string
	// Of is a function of a *Span, or of the *Usage that a call of a model reports. What it
	// returns says the type of the column: *string, []string, Int, Float, Bool, []byte (JSON),
	// decimal.NullDecimal, *content.ID or []content.ID.
	Of any
}

// Columns returns the columns that attributes feed.
func Columns() []Column {
	var columns []Column
	for _, info := range fields {
		if info.of != nil {
			columns = append(columns, Column{info.column, info.of})
		}
	}
	return columns
}

// texts are where a span holds the fields that are read as text without more ado; plain is their set.
var texts, plain = func() (texts [numFields]func(*Span) *string, plain uint64) {
	for f, info := range fields {
		if info.plain {
			texts[f] = info.of.(func(*Span) *string)
			plain |= 1 << f
		}
	}
	return texts, plain
}()
