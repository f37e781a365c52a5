package write

import (
	"encoding/binary"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// column ties a column's name, its type and the field that fills it together,
// so that none can drift from the others.
type column[T any] struct {
	name   string
	oid    uint32
	append func(dst []byte, row *T) []byte
}

func names[T any](columns []column[T]) string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = c.name
	}
	return strings.Join(list, ", ")
}

// copyHeader starts the binary COPY format; copyTrailer ends it.
var (
	copyHeader  = []byte("PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	copyTrailer = []byte{0xff, 0xff}
)

// appendRow appends a row in binary COPY format.
func appendRow[T any](dst []byte, columns []column[T], row *T) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(columns)))
	for i := range columns {
		dst = columns[i].append(dst, row)
	}
	return dst
}

// arrayOIDs gives the array type of each element type used in parameters.
var arrayOIDs = map[uint32]uint32{
	pgtype.TextOID:        pgtype.TextArrayOID,
	pgtype.Int8OID:        pgtype.Int8ArrayOID,
	pgtype.Int4OID:        pgtype.Int4ArrayOID,
	pgtype.Int2OID:        pgtype.Int2ArrayOID,
	pgtype.BoolOID:        pgtype.BoolArrayOID,
	pgtype.UUIDOID:        pgtype.UUIDArrayOID,
	pgtype.DateOID:        pgtype.DateArrayOID,
	pgtype.TimestamptzOID: pgtype.TimestamptzArrayOID,
	pgtype.NumericOID:     pgtype.NumericArrayOID,
	pgtype.JSONBOID:       pgtype.JSONBArrayOID,
	pgtype.ByteaOID:       pgtype.ByteaArrayOID,
}

// query is a statement whose rows come in as one array parameter a column.
type query[T any] struct {
	sql     string
	columns []column[T]
	oids    []uint32
}

// newQuery completes sql, in which $rows stands for the rows as a table
// function.
func newQuery[T any](sql string, columns []column[T]) query[T] {
	q := query[T]{columns: columns}
	params := make([]string, len(columns))
	for i, c := range columns {
		params[i] = "$" + strconv.Itoa(i+1)
		q.oids = append(q.oids, arrayOIDs[c.oid])
	}
	q.sql = strings.ReplaceAll(sql, "$rows", "unnest("+strings.Join(params, ", ")+")")
	return q
}

// params returns the array parameters for rows.
func (q *query[T]) params(rows []T) [][]byte {
	params := make([][]byte, len(q.columns))
	for i, c := range q.columns {
		buf := appendArrayHeader(nil, c.oid, len(rows))
		for j := range rows {
			buf = c.append(buf, &rows[j])
		}
		params[i] = buf
	}
	return params
}

// spanRow is a span with what only its trace's other spans tell.
type spanRow struct {
	*mapping.Span
	trace        [16]byte // llm_traces.id
	below        marks
	counted      mapping.Bool
	usageCounted mapping.Bool
}

func (r *spanRow) modelUsage() *mapping.Usage {
	if r.Kind.IsModel() {
		return &r.Usage
	}
	return &noUsage
}

var noUsage mapping.Usage

// spanColumns are the columns of llm_spans in the order of COPY.
var spanColumns = []column[spanRow]{
	{"trace_id", pgtype.UUIDOID, func(b []byte, r *spanRow) []byte { return appendUUID(b, r.trace) }},
	{"start_time", pgtype.TimestamptzOID, func(b []byte, r *spanRow) []byte { return appendTime(b, r.Start) }},
	{"end_time", pgtype.TimestamptzOID, func(b []byte, r *spanRow) []byte { return appendTime(b, r.End) }},
	{"duration_us", pgtype.Int8OID, func(b []byte, r *spanRow) []byte { return appendInt64(b, r.End-r.Start) }},
	{"ttft_ms", pgtype.Float8OID, func(b []byte, r *spanRow) []byte { return appendOptFloat(b, r.TTFTMillis) }},
	{"input_tokens", pgtype.Int8OID, func(b []byte, r *spanRow) []byte { return appendOptInt64(b, r.modelUsage().Input) }},
	{"output_tokens", pgtype.Int8OID, func(b []byte, r *spanRow) []byte { return appendOptInt64(b, r.modelUsage().Output) }},
	{"total_tokens", pgtype.Int8OID, func(b []byte, r *spanRow) []byte { return appendOptInt64(b, r.modelUsage().Total) }},
	{"cache_read_tokens", pgtype.Int8OID, func(b []byte, r *spanRow) []byte { return appendOptInt64(b, r.modelUsage().CacheRead) }},
	{"cache_creation_tokens", pgtype.Int8OID, func(b []byte, r *spanRow) []byte { return appendOptInt64(b, r.modelUsage().CacheCreation) }},
	{"reasoning_tokens", pgtype.Int8OID, func(b []byte, r *spanRow) []byte { return appendOptInt64(b, r.modelUsage().Reasoning) }},
	{"cache_write_1h_tokens", pgtype.Int8OID, func(b []byte, r *spanRow) []byte { return appendOptInt64(b, r.modelUsage().CacheWrite1h) }},
	{"input_audio_tokens", pgtype.Int8OID, func(b []byte, r *spanRow) []byte { return appendOptInt64(b, r.modelUsage().InputAudio) }},
	{"output_audio_tokens", pgtype.Int8OID, func(b []byte, r *spanRow) []byte { return appendOptInt64(b, r.modelUsage().OutputAudio) }},
	{"input_image_tokens", pgtype.Int8OID, func(b []byte, r *spanRow) []byte { return appendOptInt64(b, r.modelUsage().InputImage) }},
	{"output_image_tokens", pgtype.Int8OID, func(b []byte, r *spanRow) []byte { return appendOptInt64(b, r.modelUsage().OutputImage) }},
	{"web_search_requests", pgtype.Int8OID, func(b []byte, r *spanRow) []byte { return appendOptInt64(b, r.modelUsage().WebSearchRequests) }},
	{"flags", pgtype.Int8OID, func(b []byte, r *spanRow) []byte { return appendCount(b, r.Flags) }},
	{"embedding_dimensions", pgtype.Int4OID, func(b []byte, r *spanRow) []byte { return appendOptInt32(b, r.EmbeddingDimensions) }},
	{"dropped_attributes_count", pgtype.Int8OID, func(b []byte, r *spanRow) []byte { return appendCount(b, r.DroppedAttributes) }},
	{"dropped_events_count", pgtype.Int8OID, func(b []byte, r *spanRow) []byte { return appendCount(b, r.DroppedEvents) }},
	{"dropped_links_count", pgtype.Int8OID, func(b []byte, r *spanRow) []byte { return appendCount(b, r.DroppedLinks) }},
	{"below", pgtype.Int2OID, func(b []byte, r *spanRow) []byte { return appendMarks(b, r.below) }},
	{"streaming", pgtype.BoolOID, func(b []byte, r *spanRow) []byte { return appendOptBool(b, r.Streaming) }},
	{"counted", pgtype.BoolOID, func(b []byte, r *spanRow) []byte { return appendOptBool(b, r.counted) }},
	{"usage_counted", pgtype.BoolOID, func(b []byte, r *spanRow) []byte { return appendOptBool(b, r.usageCounted) }},
	{"resource_id", pgtype.UUIDOID, func(b []byte, r *spanRow) []byte { return appendContentID(b, r.ResourceID) }},
	{"system_instructions_id", pgtype.UUIDOID, func(b []byte, r *spanRow) []byte { return appendContentID(b, r.SystemInstructionsID) }},
	{"tool_definitions_id", pgtype.UUIDOID, func(b []byte, r *spanRow) []byte { return appendContentID(b, r.ToolDefinitionsID) }},
	{"tool_arguments_id", pgtype.UUIDOID, func(b []byte, r *spanRow) []byte { return appendContentID(b, r.ToolArgumentsID) }},
	{"tool_result_id", pgtype.UUIDOID, func(b []byte, r *spanRow) []byte { return appendContentID(b, r.ToolResultID) }},
	{"retrieval_query_id", pgtype.UUIDOID, func(b []byte, r *spanRow) []byte { return appendContentID(b, r.RetrievalQueryID) }},
	{"span_id", pgtype.TextOID, func(b []byte, r *spanRow) []byte { return appendSpanID(b, r.SpanID) }},
	{"parent_span_id", pgtype.TextOID, func(b []byte, r *spanRow) []byte { return appendParentID(b, r.ParentSpanID) }},
	{"name", pgtype.TextOID, func(b []byte, r *spanRow) []byte { return appendString(b, r.Name) }},
	{"span_kind", pgtype.TextOID, func(b []byte, r *spanRow) []byte { return appendString(b, r.SpanKind) }},
	{"kind", pgtype.TextOID, func(b []byte, r *spanRow) []byte { return appendString(b, r.Kind.String()) }},
	{"operation", pgtype.TextOID, func(b []byte, r *spanRow) []byte { return appendText(b, r.Operation) }},
	{"service_name", pgtype.TextOID, func(b []byte, r *spanRow) []byte { return appendText(b, r.ServiceName) }},
	{"scope_name", pgtype.TextOID, func(b []byte, r *spanRow) []byte { return appendText(b, r.ScopeName) }},
	{"scope_version", pgtype.TextOID, func(b []byte, r *spanRow) []byte { return appendText(b, r.ScopeVersion) }},
	{"status", pgtype.TextOID, func(b []byte, r *spanRow) []byte { return appendString(b, r.Status) }},
	{"status_message", pgtype.TextOID, func(b []byte, r *spanRow) []byte { return appendText(b, r.StatusMessage) }},
	{"error_type", pgtype.TextOID, func(b []byte, r *spanRow) []byte { return appendText(b, r.ErrorType) }},
	{"error_message", pgtype.TextOID, func(b []byte, r *spanRow) []byte { return appendText(b, r.ErrorMessage) }},
	{"provider", pgtype.TextOID, func(b []byte, r *spanRow) []byte { return appendText(b, r.Provider) }},
	{"request_model", pgtype.TextOID, func(b []byte, r *spanRow) []byte { return appendText(b, r.RequestModel) }},
	{"response_model", pgtype.TextOID, func(b []byte, r *spanRow) []byte { return appendText(b, r.ResponseModel) }},
	{"response_id", pgtype.TextOID, func(b []byte, r *spanRow) []byte { return appendText(b, r.ResponseID) }},
	{"service_tier", pgtype.TextOID, func(b []byte, r *spanRow) []byte { return appendText(b, r.ServiceTier) }},
	{"user_id", pgtype.TextOID, func(b []byte, r *spanRow) []byte { return appendText(b, r.UserID) }},
	{"session_id", pgtype.TextOID, func(b []byte, r *spanRow) []byte { return appendText(b, r.SessionID) }},
	{"environment", pgtype.TextOID, func(b []byte, r *spanRow) []byte { return appendText(b, r.Environment) }},
	{"release", pgtype.TextOID, func(b []byte, r *spanRow) []byte { return appendText(b, r.Release) }},
	{"prompt_name", pgtype.TextOID, func(b []byte, r *spanRow) []byte { return appendText(b, r.PromptName) }},
	{"prompt_version", pgtype.TextOID, func(b []byte, r *spanRow) []byte { return appendText(b, r.PromptVersion) }},
	{"agent_name", pgtype.TextOID, func(b []byte, r *spanRow) []byte { return appendText(b, r.AgentName) }},
	{"agent_id", pgtype.TextOID, func(b []byte, r *spanRow) []byte { return appendText(b, r.AgentID) }},
	{"tool_name", pgtype.TextOID, func(b []byte, r *spanRow) []byte { return appendText(b, r.ToolName) }},
	{"tool_call_id", pgtype.TextOID, func(b []byte, r *spanRow) []byte { return appendText(b, r.ToolCallID) }},
	{"trace_state", pgtype.TextOID, func(b []byte, r *spanRow) []byte { return appendText(b, r.TraceState) }},
	{"input_cost", pgtype.NumericOID, func(b []byte, r *spanRow) []byte { return appendOptNumeric(b, r.modelUsage().InputCost) }},
	{"output_cost", pgtype.NumericOID, func(b []byte, r *spanRow) []byte { return appendOptNumeric(b, r.modelUsage().OutputCost) }},
	{"total_cost", pgtype.NumericOID, func(b []byte, r *spanRow) []byte { return appendOptNumeric(b, r.modelUsage().TotalCost) }},
	{"finish_reasons", pgtype.TextArrayOID, func(b []byte, r *spanRow) []byte { return appendTextArray(b, r.FinishReasons) }},
	{"tags", pgtype.TextArrayOID, func(b []byte, r *spanRow) []byte { return appendTextArray(b, r.Tags) }},
	{"adjustments", pgtype.TextArrayOID, func(b []byte, r *spanRow) []byte { return appendTextArray(b, r.Adjustments.Names()) }},
	{"input_message_ids", pgtype.UUIDArrayOID, func(b []byte, r *spanRow) []byte { return appendIDArray(b, r.InputMessageIDs) }},
	{"output_message_ids", pgtype.UUIDArrayOID, func(b []byte, r *spanRow) []byte { return appendIDArray(b, r.OutputMessageIDs) }},
	{"document_ids", pgtype.UUIDArrayOID, func(b []byte, r *spanRow) []byte { return appendIDArray(b, r.DocumentIDs) }},
	{"request_parameters", pgtype.JSONBOID, func(b []byte, r *spanRow) []byte { return appendJSONB(b, r.RequestParameters) }},
	{"labels", pgtype.JSONBOID, func(b []byte, r *spanRow) []byte { return appendJSONB(b, r.Labels) }},
	{"aggregate_usage", pgtype.JSONBOID, func(b []byte, r *spanRow) []byte { return appendAggregateUsage(b, r.Span) }},
	{"attributes", pgtype.JSONBOID, func(b []byte, r *spanRow) []byte { return appendJSONB(b, r.Attributes) }},
	{"events", pgtype.JSONBOID, func(b []byte, r *spanRow) []byte { return appendJSONB(b, r.Events) }},
	{"links", pgtype.JSONBOID, func(b []byte, r *spanRow) []byte { return appendJSONB(b, r.Links) }},
}

// countColumns are known only once all spans of a trace are.
var countColumns = []string{"below", "counted", "usage_counted"}

// filledColumns returns the columns that any of the spans fills, and countColumns.
// COPY without the others saves Postgres the work of reading nulls.
func filledColumns(spans []mapping.Span) []column[spanRow] {
	is := make([]bool, len(spanColumns))
	var empty []int // so far
	for c := range spanColumns {
		if is[c] = slices.Contains(countColumns, spanColumns[c].name); !is[c] {
			empty = append(empty, c)
		}
	}
	var field []byte
	for i := range spans {
		row := spanRow{Span: &spans[i]}
		empty = slices.DeleteFunc(empty, func(c int) bool {
			field = spanColumns[c].append(field[:0], &row)
			is[c] = !isNull(field)
			return is[c]
		})
	}
	var filled []column[spanRow]
	for c := range spanColumns {
		if is[c] {
			filled = append(filled, spanColumns[c])
		}
	}
	return filled
}

// isNull tells whether a field is null: a length of -1.
func isNull(field []byte) bool { return len(field) == 4 && field[0] == 0xff }
