package main

import (
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/shopspring/decimal"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// row is what the columns of inline_spans are filled from.
type row struct {
	*mapping.Span
	words map[content.Key][]byte
}

// one returns a content's body, or nil for null.
func (r row) one(id content.ID) any {
	if id == (content.ID{}) {
		return nil
	}
	return r.words[content.Key{Day: r.Day, ID: id}]
}

// list returns the bodies of contents as a JSON array, or nil for null.
func (r row) list(ids []content.ID) any {
	if ids == nil {
		return nil
	}
	array := []byte{'['}
	for i, id := range ids {
		if i > 0 {
			array = append(array, ',')
		}
		array = append(array, r.words[content.Key{Day: r.Day, ID: id}]...)
	}
	return append(array, ']')
}

// usage returns what fills the token columns: nothing but for model spans.
func (r row) usage() mapping.Usage {
	if r.Kind.IsModel() {
		return r.Usage
	}
	return mapping.Usage{}
}

// counts is counted where no call is told twice, as in these workloads.
func (r row) counts() any {
	if r.Kind.IsModel() || r.Kind == mapping.KindTool {
		return true
	}
	return nil
}

func (r row) usageCounts() any {
	if r.Kind.IsModel() && r.Usage.Reported() {
		return true
	}
	return nil
}

// copyColumns are the columns of inline_spans: those of llm_spans, with the words themselves in place of
// references.
var copyColumns = []struct {
	name  string
	value func(row) any
}{
	{"trace_id", func(r row) any { return [16]byte(r.TraceID) }},
	{"start_time", func(r row) any { return time.UnixMicro(r.Start) }},
	{"end_time", func(r row) any { return time.UnixMicro(r.End) }},
	{"duration_us", func(r row) any { return r.End - r.Start }},
	{"ttft_ms", func(r row) any { return optional(r.TTFTMillis.V, r.TTFTMillis.OK) }},
	{"input_tokens", func(r row) any { return integer(r.usage().Input) }},
	{"output_tokens", func(r row) any { return integer(r.usage().Output) }},
	{"total_tokens", func(r row) any { return integer(r.usage().Total) }},
	{"cache_read_tokens", func(r row) any { return integer(r.usage().CacheRead) }},
	{"cache_creation_tokens", func(r row) any { return integer(r.usage().CacheCreation) }},
	{"reasoning_tokens", func(r row) any { return integer(r.usage().Reasoning) }},
	{"cache_write_1h_tokens", func(r row) any { return integer(r.usage().Parts.Get().CacheWrite1h) }},
	{"input_audio_tokens", func(r row) any { return integer(r.usage().Parts.Get().InputAudio) }},
	{"output_audio_tokens", func(r row) any { return integer(r.usage().Parts.Get().OutputAudio) }},
	{"input_image_tokens", func(r row) any { return integer(r.usage().Parts.Get().InputImage) }},
	{"output_image_tokens", func(r row) any { return integer(r.usage().Parts.Get().OutputImage) }},
	{"web_search_requests", func(r row) any { return integer(r.usage().Parts.Get().WebSearchRequests) }},
	{"stored_at", func(r row) any { return time.UnixMicro(r.End) }},
	{"source", func(row) any { return "span" }},
	{"service_tier", func(r row) any { return text(r.ServiceTier) }},
	{"labels", func(row) any { return nil }},
	{"flags", func(r row) any { return optional(int64(r.Flags), r.Flags != 0) }},
	{"embedding_dimensions", func(r row) any { return integer(r.EmbeddingDimensions) }},
	{"dropped_attributes_count", func(r row) any { return optional(int64(r.DroppedAttributes), r.DroppedAttributes != 0) }},
	{"dropped_events_count", func(r row) any { return optional(int64(r.DroppedEvents), r.DroppedEvents != 0) }},
	{"dropped_links_count", func(r row) any { return optional(int64(r.DroppedLinks), r.DroppedLinks != 0) }},
	{"below", func(row) any { return nil }},
	{"streaming", func(r row) any { return optional(r.Streaming.V, r.Streaming.OK) }},
	{"counted", row.counts},
	{"usage_counted", row.usageCounts},
	{"cost_counted", row.usageCounts},
	{"estimate_counted", func(row) any { return nil }},
	{"event_words", func(row) any { return nil }},
	{"resource_id", func(r row) any { return [16]byte(r.ResourceID) }},
	{"span_id", func(r row) any { return r.SpanID.String() }},
	{"parent_span_id", func(r row) any { return optional(r.ParentSpanID.String(), r.ParentSpanID != pcommon.SpanID{}) }},
	{"name", func(r row) any { return r.Name }},
	{"span_kind", func(r row) any { return r.SpanKind }},
	{"kind", func(r row) any { return r.Kind.String() }},
	{"operation", func(r row) any { return text(r.Operation) }},
	{"service_name", func(r row) any { return text(r.ServiceName) }},
	{"scope_name", func(r row) any { return text(r.ScopeName) }},
	{"scope_version", func(r row) any { return text(r.ScopeVersion) }},
	{"status", func(r row) any { return r.Status }},
	{"status_message", func(r row) any { return text(r.StatusMessage) }},
	{"error_type", func(r row) any { return text(r.ErrorType) }},
	{"error_message", func(r row) any { return text(r.ErrorMessage) }},
	{"provider", func(r row) any { return text(r.Provider) }},
	{"request_model", func(r row) any { return text(r.RequestModel) }},
	{"response_model", func(r row) any { return text(r.ResponseModel) }},
	{"response_id", func(r row) any { return text(r.ResponseID) }},
	{"user_id", func(r row) any { return text(r.UserID) }},
	{"session_id", func(r row) any { return text(r.SessionID) }},
	{"environment", func(r row) any { return text(r.Environment) }},
	{"release", func(r row) any { return text(r.Release) }},
	{"prompt_name", func(r row) any { return text(r.PromptName) }},
	{"prompt_version", func(r row) any { return text(r.PromptVersion) }},
	{"agent_name", func(r row) any { return text(r.AgentName) }},
	{"agent_id", func(r row) any { return text(r.AgentID) }},
	{"tool_name", func(r row) any { return text(r.ToolName) }},
	{"tool_call_id", func(r row) any { return text(r.ToolCallID) }},
	{"trace_state", func(r row) any { return text(r.TraceState) }},
	{"input_cost", func(r row) any { return numeric(r.usage().Parts.Get().InputCost) }},
	{"output_cost", func(r row) any { return numeric(r.usage().Parts.Get().OutputCost) }},
	{"total_cost", func(r row) any { return numeric(r.usage().TotalCost) }},
	{"estimated_cost", func(row) any { return nil }},
	{"finish_reasons", func(r row) any { return optional(r.FinishReasons, r.FinishReasons != nil) }},
	{"tags", func(r row) any { return optional(r.Tags, r.Tags != nil) }},
	{"adjustments", func(r row) any { return optional(r.Adjustments.Names(), r.Adjustments != 0) }},
	{"request_parameters", func(r row) any { return document(r.RequestParameters) }},
	{"aggregate_usage", func(row) any { return nil }},
	{"attributes", func(r row) any { return document(r.Attributes) }},
	{"events", func(r row) any { return document(r.Events) }},
	{"links", func(r row) any { return document(r.Links) }},
	{"input_messages", func(r row) any { return r.list(r.InputMessageIDs) }},
	{"output_messages", func(r row) any { return r.list(r.OutputMessageIDs) }},
	{"documents", func(r row) any { return r.list(r.DocumentIDs) }},
	{"system_instructions", func(r row) any { return r.one(r.SystemInstructionsID) }},
	{"tool_definitions", func(r row) any { return r.one(r.ToolDefinitionsID) }},
	{"tool_arguments", func(r row) any { return r.one(r.ToolArgumentsID) }},
	{"tool_result", func(r row) any { return r.one(r.ToolResultID) }},
	{"retrieval_query", func(r row) any { return r.one(r.RetrievalQueryID) }},
}

// copyRows prepares a batch for pgx.CopyFromRows.
func copyRows(mapper *mapping.Mapper, td ptrace.Traces) [][]any {
	batch := mapper.Map(td)
	rows := make([][]any, len(batch.Spans))
	for i := range batch.Spans {
		r := row{&batch.Spans[i], batch.Contents}
		rows[i] = make([]any, len(copyColumns))
		for j, column := range copyColumns {
			rows[i][j] = column.value(r)
		}
	}
	return rows
}

func optional[T any](v T, ok bool) any {
	if !ok {
		return nil
	}
	return v
}

func text(s string) any { return optional(s, s != "") }

func integer(v mapping.Int) any { return optional(v.V, v.OK) }

func document(json []byte) any { return optional(json, json != nil) }

func numeric(d decimal.NullDecimal) any {
	return optional(pgtype.Numeric{Int: d.Decimal.Coefficient(), Exp: d.Decimal.Exponent(), Valid: true}, d.Valid)
}
