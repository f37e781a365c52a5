package mapping

import (
	"cmp"

	"github.com/shopspring/decimal"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
)

// searchKinds are those of spans that look for documents.
var searchKinds = dialect.KindsOf(KindRetriever, KindReranker)

// fieldInfo says where a field lands, and which spans have it.
type fieldInfo struct {
	column string // of llm_spans, for the docs
	kinds  dialect.KindSet
	of     any  // what the column holds, as Column.Of; nil where the field only adds to another column
	plain  bool // text that the first source tells; package-level functions resolve the others
}

// on are the kinds of spans that have the field: any, where none are named.
func (i *fieldInfo) on() dialect.KindSet { return cmp.Or(i.kinds, dialect.AnyKind) }

// words reports whether the field is a content: its attributes never stay in facts.
func (i *fieldInfo) words() bool {
	switch i.of.(type) {
	case func(*Span) *content.ID, func(*Span) []content.ID:
		return true
	}
	return false
}

var fields = [dialect.NumFields]fieldInfo{
	dialect.Operation:           {column: "operation", of: func(s *Span) *string { return &s.Operation }},
	dialect.Provider:            {column: "provider", of: func(s *Span) *string { return &s.Provider }},
	dialect.ServerAddress:       {column: "provider (inferred)", kinds: dialect.ModelKinds},
	dialect.RequestModel:        {column: "request_model", of: func(s *Span) *string { return &s.RequestModel }, plain: true},
	dialect.ResponseModel:       {column: "response_model", of: func(s *Span) *string { return &s.ResponseModel }, plain: true},
	dialect.ResponseID:          {column: "response_id", of: func(s *Span) *string { return &s.ResponseID }, plain: true},
	dialect.FinishReasons:       {column: "finish_reasons", of: func(s *Span) []string { return s.FinishReasons }},
	dialect.RequestParameters:   {column: "request_parameters", of: func(s *Span) []byte { return s.RequestParameters }},
	dialect.Streaming:           {column: "streaming", of: func(s *Span) Bool { return s.Streaming }},
	dialect.TTFT:                {column: "ttft_ms", of: func(s *Span) Float { return s.TTFTMillis }},
	dialect.InputTokens:         {column: "input_tokens", of: func(u *Usage) Int { return u.Input }},
	dialect.OutputTokens:        {column: "output_tokens", of: func(u *Usage) Int { return u.Output }},
	dialect.TotalTokens:         {column: "total_tokens", of: func(u *Usage) Int { return u.Total }},
	dialect.CacheRead:           {column: "cache_read_tokens", of: func(u *Usage) Int { return u.CacheRead }},
	dialect.CacheCreation:       {column: "cache_creation_tokens", of: func(u *Usage) Int { return u.CacheCreation }},
	dialect.Reasoning:           {column: "reasoning_tokens", of: func(u *Usage) Int { return u.Reasoning }},
	dialect.CacheWrite5m:        {column: "cache_creation_tokens (kept for 5 minutes)"},
	dialect.CacheWrite1h:        {column: "cache_write_1h_tokens", of: func(u *Usage) Int { return u.Parts.Get().CacheWrite1h }},
	dialect.InputAudio:          {column: "input_audio_tokens", of: func(u *Usage) Int { return u.Parts.Get().InputAudio }},
	dialect.OutputAudio:         {column: "output_audio_tokens", of: func(u *Usage) Int { return u.Parts.Get().OutputAudio }},
	dialect.InputImage:          {column: "input_image_tokens", of: func(u *Usage) Int { return u.Parts.Get().InputImage }},
	dialect.OutputImage:         {column: "output_image_tokens", of: func(u *Usage) Int { return u.Parts.Get().OutputImage }},
	dialect.WebSearches:         {column: "web_search_requests", of: func(u *Usage) Int { return u.Parts.Get().WebSearchRequests }},
	dialect.ServiceTier:         {column: "service_tier", of: func(s *Span) *string { return &s.ServiceTier }, plain: true},
	dialect.InputCost:           {column: "input_cost", of: func(u *Usage) decimal.NullDecimal { return u.Parts.Get().InputCost }},
	dialect.OutputCost:          {column: "output_cost", of: func(u *Usage) decimal.NullDecimal { return u.Parts.Get().OutputCost }},
	dialect.TotalCost:           {column: "total_cost", of: func(u *Usage) decimal.NullDecimal { return u.TotalCost }},
	dialect.UserID:              {column: "user_id", of: func(s *Span) *string { return &s.UserID }, plain: true},
	dialect.SessionID:           {column: "session_id", of: func(s *Span) *string { return &s.SessionID }, plain: true},
	dialect.ServiceName:         {column: "service_name", of: func(s *Span) *string { return &s.ServiceName }},
	dialect.Environment:         {column: "environment", of: func(s *Span) *string { return &s.Environment }},
	dialect.Release:             {column: "release", of: func(s *Span) *string { return &s.Release }},
	dialect.Tags:                {column: "tags", of: func(s *Span) []string { return s.Tags }},
	dialect.PromptName:          {column: "prompt_name", of: func(s *Span) *string { return &s.PromptName }},
	dialect.PromptVersion:       {column: "prompt_version", of: func(s *Span) *string { return &s.PromptVersion }},
	dialect.AgentName:           {column: "agent_name", of: func(s *Span) *string { return &s.AgentName }, plain: true},
	dialect.AgentID:             {column: "agent_id", of: func(s *Span) *string { return &s.AgentID }, plain: true},
	dialect.ToolName:            {column: "tool_name", kinds: dialect.OnlyTool, of: func(s *Span) *string { return &s.ToolName }, plain: true},
	dialect.ToolCallID:          {column: "tool_call_id", kinds: dialect.OnlyTool, of: func(s *Span) *string { return &s.ToolCallID }, plain: true},
	dialect.EmbeddingDimensions: {column: "embedding_dimensions", kinds: dialect.KindsOf(KindEmbedding), of: func(s *Span) Int { return s.EmbeddingDimensions }},
	dialect.ErrorType:           {column: "error_type", of: func(s *Span) *string { return &s.ErrorType }},
	dialect.ErrorMessage:        {column: "error_message", of: func(s *Span) *string { return &s.ErrorMessage }},
	dialect.InputMessages:       {column: "input_message_ids", kinds: dialect.MessageKinds, of: func(s *Span) []content.ID { return s.InputMessageIDs }},
	dialect.OutputMessages:      {column: "output_message_ids", kinds: dialect.MessageKinds, of: func(s *Span) []content.ID { return s.OutputMessageIDs }},
	dialect.SystemInstructions:  {column: "system_instructions_id", kinds: dialect.MessageKinds, of: func(s *Span) *content.ID { return &s.SystemInstructionsID }},
	dialect.ToolDefinitions:     {column: "tool_definitions_id", kinds: dialect.MessageKinds, of: func(s *Span) *content.ID { return &s.ToolDefinitionsID }},
	dialect.ToolArguments:       {column: "tool_arguments_id", kinds: dialect.OnlyTool, of: func(s *Span) *content.ID { return &s.ToolArgumentsID }},
	dialect.ToolResult:          {column: "tool_result_id", kinds: dialect.OnlyTool, of: func(s *Span) *content.ID { return &s.ToolResultID }},
	dialect.RetrievalQuery:      {column: "retrieval_query_id", kinds: searchKinds, of: func(s *Span) *content.ID { return &s.RetrievalQueryID }},
	dialect.Documents:           {column: "document_ids", kinds: searchKinds, of: func(s *Span) []content.ID { return s.DocumentIDs }},
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
var texts, plain = func() (texts [dialect.NumFields]func(*Span) *string, plain uint64) {
	for f, info := range fields {
		if info.plain {
			texts[f] = info.of.(func(*Span) *string)
			plain |= 1 << f
		}
	}
	return texts, plain
}()
