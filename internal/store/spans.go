package store

import (
	"context"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/trace"
)

// SpanRow is a span with what only its trace's other spans tell.
type SpanRow struct {
	*mapping.Span
	Trace [16]byte // llm_traces.id
	trace.Flags
}

// source says who tells the row.
func (r *SpanRow) source() string {
	if r.Event != nil {
		return "event"
	}
	return "span"
}

func (r *SpanRow) modelUsage() *mapping.Usage {
	if r.Kind.IsModel() {
		return &r.Usage
	}
	return &noUsage
}

var noUsage mapping.Usage

// spanColumns are the columns of llm_spans in the order of COPY.
var spanColumns = []pgbatch.Column[SpanRow]{
	pgbatch.Col("trace_id", pgtype.UUIDOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendUUID(b, r.Trace) }),
	pgbatch.Col("start_time", pgtype.TimestamptzOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendTime(b, r.Start) }),
	pgbatch.Col("end_time", pgtype.TimestamptzOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendTime(b, r.End) }),
	pgbatch.Col("duration_us", pgtype.Int8OID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendInt64(b, r.End-r.Start) }),
	pgbatch.Col("ttft_ms", pgtype.Float8OID, func(b []byte, r *SpanRow) []byte { return appendOptFloat(b, r.TTFTMillis) }),
	pgbatch.Col("input_tokens", pgtype.Int8OID, func(b []byte, r *SpanRow) []byte { return appendOptInt64(b, r.modelUsage().Input) }),
	pgbatch.Col("output_tokens", pgtype.Int8OID, func(b []byte, r *SpanRow) []byte { return appendOptInt64(b, r.modelUsage().Output) }),
	pgbatch.Col("total_tokens", pgtype.Int8OID, func(b []byte, r *SpanRow) []byte { return appendOptInt64(b, r.modelUsage().Total) }),
	pgbatch.Col("cache_read_tokens", pgtype.Int8OID, func(b []byte, r *SpanRow) []byte { return appendOptInt64(b, r.modelUsage().CacheRead) }),
	pgbatch.Col("cache_creation_tokens", pgtype.Int8OID, func(b []byte, r *SpanRow) []byte { return appendOptInt64(b, r.modelUsage().CacheCreation) }),
	pgbatch.Col("reasoning_tokens", pgtype.Int8OID, func(b []byte, r *SpanRow) []byte { return appendOptInt64(b, r.modelUsage().Reasoning) }),
	pgbatch.Col("cache_write_1h_tokens", pgtype.Int8OID, func(b []byte, r *SpanRow) []byte { return appendOptInt64(b, r.modelUsage().Parts.Get().CacheWrite1h) }),
	pgbatch.Col("input_audio_tokens", pgtype.Int8OID, func(b []byte, r *SpanRow) []byte { return appendOptInt64(b, r.modelUsage().Parts.Get().InputAudio) }),
	pgbatch.Col("output_audio_tokens", pgtype.Int8OID, func(b []byte, r *SpanRow) []byte { return appendOptInt64(b, r.modelUsage().Parts.Get().OutputAudio) }),
	pgbatch.Col("input_image_tokens", pgtype.Int8OID, func(b []byte, r *SpanRow) []byte { return appendOptInt64(b, r.modelUsage().Parts.Get().InputImage) }),
	pgbatch.Col("output_image_tokens", pgtype.Int8OID, func(b []byte, r *SpanRow) []byte { return appendOptInt64(b, r.modelUsage().Parts.Get().OutputImage) }),
	pgbatch.Col("web_search_requests", pgtype.Int8OID, func(b []byte, r *SpanRow) []byte {
		return appendOptInt64(b, r.modelUsage().Parts.Get().WebSearchRequests)
	}),
	pgbatch.Col("flags", pgtype.Int8OID, func(b []byte, r *SpanRow) []byte { return appendCount(b, r.Span.Flags) }),
	pgbatch.Col("embedding_dimensions", pgtype.Int4OID, func(b []byte, r *SpanRow) []byte { return appendOptInt32(b, r.EmbeddingDimensions) }),
	pgbatch.Col("dropped_attributes_count", pgtype.Int8OID, func(b []byte, r *SpanRow) []byte { return appendCount(b, r.DroppedAttributes) }),
	pgbatch.Col("dropped_events_count", pgtype.Int8OID, func(b []byte, r *SpanRow) []byte { return appendCount(b, r.DroppedEvents) }),
	pgbatch.Col("dropped_links_count", pgtype.Int8OID, func(b []byte, r *SpanRow) []byte { return appendCount(b, r.DroppedLinks) }),
	pgbatch.Col("below", pgtype.Int2OID, func(b []byte, r *SpanRow) []byte { return appendOptInt16(b, int16(r.Below)) }),
	pgbatch.Col("streaming", pgtype.BoolOID, func(b []byte, r *SpanRow) []byte { return appendOptBool(b, r.Streaming) }),
	pgbatch.Col("counted", pgtype.BoolOID, func(b []byte, r *SpanRow) []byte { return appendOptBool(b, r.Counted) }),
	pgbatch.Col("usage_counted", pgtype.BoolOID, func(b []byte, r *SpanRow) []byte { return appendOptBool(b, r.UsageCounted) }),
	pgbatch.Col("cost_counted", pgtype.BoolOID, func(b []byte, r *SpanRow) []byte { return appendOptBool(b, r.CostCounted) }),
	pgbatch.Col("estimate_counted", pgtype.BoolOID, func(b []byte, r *SpanRow) []byte { return appendOptBool(b, r.EstimateCounted) }),
	pgbatch.Col("resource_id", pgtype.UUIDOID, func(b []byte, r *SpanRow) []byte { return appendContentID(b, r.ResourceID) }),
	pgbatch.Col("system_instructions_id", pgtype.UUIDOID, func(b []byte, r *SpanRow) []byte { return appendContentID(b, r.SystemInstructionsID) }),
	pgbatch.Col("tool_definitions_id", pgtype.UUIDOID, func(b []byte, r *SpanRow) []byte { return appendContentID(b, r.ToolDefinitionsID) }),
	pgbatch.Col("tool_arguments_id", pgtype.UUIDOID, func(b []byte, r *SpanRow) []byte { return appendContentID(b, r.ToolArgumentsID) }),
	pgbatch.Col("tool_result_id", pgtype.UUIDOID, func(b []byte, r *SpanRow) []byte { return appendContentID(b, r.ToolResultID) }),
	pgbatch.Col("retrieval_query_id", pgtype.UUIDOID, func(b []byte, r *SpanRow) []byte { return appendContentID(b, r.RetrievalQueryID) }),
	pgbatch.Col("span_id", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return appendSpanID(b, r.SpanID) }),
	pgbatch.Col("parent_span_id", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return appendParentID(b, r.ParentSpanID) }),
	pgbatch.Col("name", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendString(b, r.Name) }),
	pgbatch.Col("span_kind", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendString(b, r.SpanKind) }),
	pgbatch.Col("kind", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendString(b, r.Kind.String()) }),
	pgbatch.Col("operation", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendText(b, r.Operation) }),
	pgbatch.Col("service_name", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendText(b, r.ServiceName) }),
	pgbatch.Col("scope_name", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendText(b, r.ScopeName) }),
	pgbatch.Col("scope_version", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendText(b, r.ScopeVersion) }),
	pgbatch.Col("status", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendString(b, r.Status) }),
	pgbatch.Col("status_message", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendText(b, r.StatusMessage) }),
	pgbatch.Col("error_type", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendText(b, r.ErrorType) }),
	pgbatch.Col("error_message", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendText(b, r.ErrorMessage) }),
	pgbatch.Col("provider", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendText(b, r.Provider) }),
	pgbatch.Col("request_model", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendText(b, r.RequestModel) }),
	pgbatch.Col("response_model", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendText(b, r.ResponseModel) }),
	pgbatch.Col("response_id", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendText(b, r.ResponseID) }),
	pgbatch.Col("service_tier", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendText(b, r.ServiceTier) }),
	pgbatch.Col("user_id", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendText(b, r.UserID) }),
	pgbatch.Col("session_id", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendText(b, r.SessionID) }),
	pgbatch.Col("environment", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendText(b, r.Environment) }),
	pgbatch.Col("release", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendText(b, r.Release) }),
	pgbatch.Col("prompt_name", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendText(b, r.PromptName) }),
	pgbatch.Col("prompt_version", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendText(b, r.PromptVersion) }),
	pgbatch.Col("agent_name", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendText(b, r.AgentName) }),
	pgbatch.Col("agent_id", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendText(b, r.AgentID) }),
	pgbatch.Col("tool_name", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendText(b, r.ToolName) }),
	pgbatch.Col("tool_call_id", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendText(b, r.ToolCallID) }),
	pgbatch.Col("trace_state", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendText(b, r.TraceState) }),
	pgbatch.Col("input_cost", pgtype.NumericOID, func(b []byte, r *SpanRow) []byte {
		return pgbatch.AppendOptNumeric(b, r.modelUsage().Parts.Get().InputCost)
	}),
	pgbatch.Col("output_cost", pgtype.NumericOID, func(b []byte, r *SpanRow) []byte {
		return pgbatch.AppendOptNumeric(b, r.modelUsage().Parts.Get().OutputCost)
	}),
	pgbatch.Col("total_cost", pgtype.NumericOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendOptNumeric(b, r.modelUsage().TotalCost) }),
	pgbatch.Col("estimated_cost", pgtype.NumericOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendOptNumeric(b, r.EstimatedCost) }),
	pgbatch.Col("finish_reasons", pgtype.TextArrayOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendTextArray(b, r.FinishReasons) }),
	pgbatch.Col("tags", pgtype.TextArrayOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendTextArray(b, r.Tags) }),
	pgbatch.Col("adjustments", pgtype.TextArrayOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendTextArray(b, r.Adjustments.Names()) }),
	pgbatch.Col("input_message_ids", pgtype.UUIDArrayOID, func(b []byte, r *SpanRow) []byte { return appendIDArray(b, r.InputMessageIDs) }),
	pgbatch.Col("output_message_ids", pgtype.UUIDArrayOID, func(b []byte, r *SpanRow) []byte { return appendIDArray(b, r.OutputMessageIDs) }),
	pgbatch.Col("document_ids", pgtype.UUIDArrayOID, func(b []byte, r *SpanRow) []byte { return appendIDArray(b, r.DocumentIDs) }),
	pgbatch.Col("source", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendString(b, r.source()) }),
	pgbatch.Col("request_parameters", pgtype.JSONBOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendJSONB(b, r.RequestParameters) }),
	pgbatch.Col("labels", pgtype.JSONBOID, func(b []byte, r *SpanRow) []byte { return appendLabels(b, r.Labels) }),
	pgbatch.Col("aggregate_usage", pgtype.JSONBOID, func(b []byte, r *SpanRow) []byte { return appendAggregateUsage(b, r.Span) }),
	pgbatch.Col("attributes", pgtype.JSONBOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendJSONB(b, r.Attributes) }),
	pgbatch.Col("events", pgtype.JSONBOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendJSONB(b, r.Events) }),
	pgbatch.Col("links", pgtype.JSONBOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendJSONB(b, r.Links) }),
}

// CopySpans stores rows of llm_spans.
func (s *Store) CopySpans(ctx context.Context, c *pgbatch.Conn, rows []SpanRow) error {
	return pgbatch.CopyRows(ctx, c, "store spans", s.copySpans, spanColumns, rows)
}
