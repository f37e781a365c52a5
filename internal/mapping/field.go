package mapping

import (
	"cmp"

	"github.com/shopspring/decimal"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
)

// searchKinds are those of spans that look for documents.
var searchKinds = KindsOf(KindRetriever, KindReranker)

// fieldInfo says where a field lands, and which spans have it.
type fieldInfo struct {
	column string // of llm_spans, for the docs
	kinds  KindSet
	of     any  // what the column holds, as Column.Of; nil where the field only adds to another column
	plain  bool // text that the first source tells; package-level functions resolve the others
}

// on are the kinds of spans that have the field: any, where none are named.
func (i *fieldInfo) on() KindSet { return cmp.Or(i.kinds, AnyKind) }

// words reports whether the field is a content: its attributes never stay in facts.
func (i *fieldInfo) words() bool {
	switch i.of.(type) {
	case func(*Span) *content.ID, func(*Span) []content.ID:
		return true
	}
	return false
}

var fields = [NumFields]fieldInfo{
	Operation:           {column: "operation", of: func(s *Span) *string { return &s.Operation }},
	Provider:            {column: "provider", of: func(s *Span) *string { return &s.Provider }},
	ServerAddress:       {column: "provider (inferred)", kinds: ModelKinds},
	RequestModel:        {column: "request_model", of: func(s *Span) *string { return &s.RequestModel }, plain: true},
	ResponseModel:       {column: "response_model", of: func(s *Span) *string { return &s.ResponseModel }, plain: true},
	ResponseID:          {column: "response_id", of: func(s *Span) *string { return &s.ResponseID }, plain: true},
	FinishReasons:       {column: "finish_reasons", of: func(s *Span) []string { return s.FinishReasons }},
	RequestParameters:   {column: "request_parameters", of: func(s *Span) []byte { return s.RequestParameters }},
	Streaming:           {column: "streaming", of: func(s *Span) Bool { return s.Streaming }},
	TTFT:                {column: "ttft_ms", of: func(s *Span) Float { return s.TTFTMillis }},
	InputTokens:         {column: "input_tokens", of: func(u *Usage) Int { return u.Input }},
	OutputTokens:        {column: "output_tokens", of: func(u *Usage) Int { return u.Output }},
	TotalTokens:         {column: "total_tokens", of: func(u *Usage) Int { return u.Total }},
	CacheRead:           {column: "cache_read_tokens", of: func(u *Usage) Int { return u.CacheRead }},
	CacheCreation:       {column: "cache_creation_tokens", of: func(u *Usage) Int { return u.CacheCreation }},
	Reasoning:           {column: "reasoning_tokens", of: func(u *Usage) Int { return u.Reasoning }},
	CacheWrite5m:        {column: "cache_creation_tokens (kept for 5 minutes)"},
	CacheWrite1h:        {column: "cache_write_1h_tokens", of: func(u *Usage) Int { return u.Parts.Get().CacheWrite1h }},
	InputAudio:          {column: "input_audio_tokens", of: func(u *Usage) Int { return u.Parts.Get().InputAudio }},
	OutputAudio:         {column: "output_audio_tokens", of: func(u *Usage) Int { return u.Parts.Get().OutputAudio }},
	InputImage:          {column: "input_image_tokens", of: func(u *Usage) Int { return u.Parts.Get().InputImage }},
	OutputImage:         {column: "output_image_tokens", of: func(u *Usage) Int { return u.Parts.Get().OutputImage }},
	WebSearches:         {column: "web_search_requests", of: func(u *Usage) Int { return u.Parts.Get().WebSearchRequests }},
	ServiceTier:         {column: "service_tier", of: func(s *Span) *string { return &s.ServiceTier }, plain: true},
	InputCost:           {column: "input_cost", of: func(u *Usage) decimal.NullDecimal { return u.Parts.Get().InputCost }},
	OutputCost:          {column: "output_cost", of: func(u *Usage) decimal.NullDecimal { return u.Parts.Get().OutputCost }},
	TotalCost:           {column: "total_cost", of: func(u *Usage) decimal.NullDecimal { return u.TotalCost }},
	UserID:              {column: "user_id", of: func(s *Span) *string { return &s.UserID }, plain: true},
	SessionID:           {column: "session_id", of: func(s *Span) *string { return &s.SessionID }, plain: true},
	ServiceName:         {column: "service_name", of: func(s *Span) *string { return &s.ServiceName }},
	Environment:         {column: "environment", of: func(s *Span) *string { return &s.Environment }},
	Release:             {column: "release", of: func(s *Span) *string { return &s.Release }},
	Tags:                {column: "tags", of: func(s *Span) []string { return s.Tags }},
	PromptName:          {column: "prompt_name", of: func(s *Span) *string { return &s.PromptName }},
	PromptVersion:       {column: "prompt_version", of: func(s *Span) *string { return &s.PromptVersion }},
	AgentName:           {column: "agent_name", of: func(s *Span) *string { return &s.AgentName }, plain: true},
	AgentID:             {column: "agent_id", of: func(s *Span) *string { return &s.AgentID }, plain: true},
	ToolName:            {column: "tool_name", kinds: OnlyTool, of: func(s *Span) *string { return &s.ToolName }, plain: true},
	ToolCallID:          {column: "tool_call_id", kinds: OnlyTool, of: func(s *Span) *string { return &s.ToolCallID }, plain: true},
	EmbeddingDimensions: {column: "embedding_dimensions", kinds: KindsOf(KindEmbedding), of: func(s *Span) Int { return s.EmbeddingDimensions }},
	ErrorType:           {column: "error_type", of: func(s *Span) *string { return &s.ErrorType }},
	ErrorMessage:        {column: "error_message", of: func(s *Span) *string { return &s.ErrorMessage }},
	InputMessages:       {column: "input_message_ids", kinds: MessageKinds, of: func(s *Span) []content.ID { return s.InputMessageIDs }},
	OutputMessages:      {column: "output_message_ids", kinds: MessageKinds, of: func(s *Span) []content.ID { return s.OutputMessageIDs }},
	SystemInstructions:  {column: "system_instructions_id", kinds: MessageKinds, of: func(s *Span) *content.ID { return &s.SystemInstructionsID }},
	ToolDefinitions:     {column: "tool_definitions_id", kinds: MessageKinds, of: func(s *Span) *content.ID { return &s.ToolDefinitionsID }},
	ToolArguments:       {column: "tool_arguments_id", kinds: OnlyTool, of: func(s *Span) *content.ID { return &s.ToolArgumentsID }},
	ToolResult:          {column: "tool_result_id", kinds: OnlyTool, of: func(s *Span) *content.ID { return &s.ToolResultID }},
	RetrievalQuery:      {column: "retrieval_query_id", kinds: searchKinds, of: func(s *Span) *content.ID { return &s.RetrievalQueryID }},
	Documents:           {column: "document_ids", kinds: searchKinds, of: func(s *Span) []content.ID { return s.DocumentIDs }},
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
var texts, plain = func() (texts [NumFields]func(*Span) *string, plain uint64) {
	for f, info := range fields {
		if info.plain {
			texts[f] = info.of.(func(*Span) *string)
			plain |= 1 << f
		}
	}
	return texts, plain
}()
