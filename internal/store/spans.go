package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/shopspring/decimal"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/schema"
	"github.com/llm-observatory/llmobservatoryexporter/internal/trace"
)

// spanStatements are the statements that change rows of llm_spans.
type spanStatements struct {
	spansTable  string
	updateSpans pgbatch.Query[FlagRow]
	failSpans   pgbatch.Query[FailingRow]
}

func newSpanStatements(schemaName string) spanStatements {
	return spanStatements{
		spansTable:  schema.Table(schemaName, "llm_spans"),
		updateSpans: query(schemaName, "spans_update", flagColumns),
		failSpans:   query(schemaName, "spans_fail", failingColumns),
	}
}

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
var spanColumns = slices.Concat(ownColumns, countingColumns)

// countingColumns are the columns that counting fills.
var countingColumns = []pgbatch.Column[SpanRow]{
	pgbatch.Col("trace_id", pgtype.UUIDOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendUUID(b, r.Trace) }),
	pgbatch.Col("below", pgtype.Int2OID, func(b []byte, r *SpanRow) []byte { return appendOptInt16(b, r.Column()) }),
	pgbatch.Col("counted", pgtype.BoolOID, func(b []byte, r *SpanRow) []byte { return appendOptBool(b, r.Counted) }),
	pgbatch.Col("usage_counted", pgtype.BoolOID, func(b []byte, r *SpanRow) []byte { return appendOptBool(b, r.UsageCounted) }),
	pgbatch.Col("cost_counted", pgtype.BoolOID, func(b []byte, r *SpanRow) []byte { return appendOptBool(b, r.CostCounted) }),
	pgbatch.Col("estimate_counted", pgtype.BoolOID, func(b []byte, r *SpanRow) []byte { return appendOptBool(b, r.EstimateCounted) }),
}

// ownColumns are the columns that the span alone fills: those that attributes feed are listed in
// package mapping.
var ownColumns = append(fedColumns(), []pgbatch.Column[SpanRow]{
	pgbatch.Col("start_time", pgtype.TimestamptzOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendTime(b, r.Start) }),
	pgbatch.Col("end_time", pgtype.TimestamptzOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendTime(b, r.End) }),
	pgbatch.Col("duration_us", pgtype.Int8OID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendInt64(b, r.End-r.Start) }),
	pgbatch.Col("flags", pgtype.Int8OID, func(b []byte, r *SpanRow) []byte { return appendCount(b, r.Span.Flags) }),
	pgbatch.Col("dropped_attributes_count", pgtype.Int8OID, func(b []byte, r *SpanRow) []byte { return appendCount(b, r.DroppedAttributes) }),
	pgbatch.Col("dropped_events_count", pgtype.Int8OID, func(b []byte, r *SpanRow) []byte { return appendCount(b, r.DroppedEvents) }),
	pgbatch.Col("dropped_links_count", pgtype.Int8OID, func(b []byte, r *SpanRow) []byte { return appendCount(b, r.DroppedLinks) }),
	pgbatch.Col("resource_id", pgtype.UUIDOID, func(b []byte, r *SpanRow) []byte { return appendContentID(b, r.ResourceID) }),
	pgbatch.Col("span_id", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return appendSpanID(b, r.SpanID) }),
	pgbatch.Col("parent_span_id", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return appendParentID(b, r.ParentSpanID) }),
	pgbatch.Col("name", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendString(b, r.Name) }),
	pgbatch.Col("span_kind", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendString(b, r.SpanKind) }),
	pgbatch.Col("kind", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendString(b, r.Kind.String()) }),
	pgbatch.Col("scope_name", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendText(b, r.ScopeName) }),
	pgbatch.Col("scope_version", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendText(b, r.ScopeVersion) }),
	pgbatch.Col("status", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendString(b, r.Status) }),
	pgbatch.Col("status_message", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendText(b, r.StatusMessage) }),
	pgbatch.Col("trace_state", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendText(b, r.TraceState) }),
	pgbatch.Col("estimated_cost", pgtype.NumericOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendOptNumeric(b, r.EstimatedCost) }),
	pgbatch.Col("adjustments", pgtype.TextArrayOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendTextArray(b, r.Adjustments.Names()) }),
	pgbatch.Col("source", pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendString(b, r.source()) }),
	pgbatch.Col("labels", pgtype.JSONBOID, func(b []byte, r *SpanRow) []byte { return appendLabels(b, r.Labels) }),
	pgbatch.Col("aggregate_usage", pgtype.JSONBOID, func(b []byte, r *SpanRow) []byte { return appendAggregateUsage(b, r.Span) }),
	pgbatch.Col("attributes", pgtype.JSONBOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendJSONB(b, r.Attributes) }),
	pgbatch.Col("events", pgtype.JSONBOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendJSONB(b, r.Events) }),
	pgbatch.Col("links", pgtype.JSONBOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendJSONB(b, r.Links) }),
}...)

func fedColumns() []pgbatch.Column[SpanRow] {
	var columns []pgbatch.Column[SpanRow]
	for _, c := range mapping.Columns() {
		columns = append(columns, fedColumn(c))
	}
	return columns
}

// fedColumn stores what a column of package mapping holds.
func fedColumn(c mapping.Column) pgbatch.Column[SpanRow] {
	switch of := c.Of.(type) {
	case func(*mapping.Span) *string:
		return pgbatch.Col(c.Name, pgtype.TextOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendText(b, *of(r.Span)) })
	case func(*mapping.Span) []string:
		return pgbatch.Col(c.Name, pgtype.TextArrayOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendTextArray(b, of(r.Span)) })
	case func(*mapping.Span) mapping.Int:
		return pgbatch.Col(c.Name, pgtype.Int4OID, func(b []byte, r *SpanRow) []byte { return appendOptInt32(b, of(r.Span)) })
	case func(*mapping.Span) mapping.Float:
		return pgbatch.Col(c.Name, pgtype.Float8OID, func(b []byte, r *SpanRow) []byte { return appendOptFloat(b, of(r.Span)) })
	case func(*mapping.Span) mapping.Bool:
		return pgbatch.Col(c.Name, pgtype.BoolOID, func(b []byte, r *SpanRow) []byte { return appendOptBool(b, of(r.Span)) })
	case func(*mapping.Span) []byte:
		return pgbatch.Col(c.Name, pgtype.JSONBOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendJSONB(b, of(r.Span)) })
	case func(*mapping.Usage) mapping.Int:
		return pgbatch.Col(c.Name, pgtype.Int8OID, func(b []byte, r *SpanRow) []byte { return appendOptInt64(b, of(r.modelUsage())) })
	case func(*mapping.Usage) decimal.NullDecimal:
		return pgbatch.Col(c.Name, pgtype.NumericOID, func(b []byte, r *SpanRow) []byte { return pgbatch.AppendOptNumeric(b, of(r.modelUsage())) })
	case func(*mapping.Span) *content.ID:
		return pgbatch.Col(c.Name, pgtype.UUIDOID, func(b []byte, r *SpanRow) []byte { return appendContentID(b, *of(r.Span)) })
	case func(*mapping.Span) []content.ID:
		return pgbatch.Col(c.Name, pgtype.UUIDArrayOID, func(b []byte, r *SpanRow) []byte { return appendIDArray(b, of(r.Span)) })
	}
	panic(fmt.Sprintf("column %s: no encoding for %T", c.Name, c.Of)) // TestSpanColumnsMatchTheTable has them all
}

// SpanColumns are columns of llm_spans.
type SpanColumns []pgbatch.Column[SpanRow]

// FilledColumns returns the columns that rows fill before they are counted. It reads their spans only.
func FilledColumns(rows []SpanRow) SpanColumns { return pgbatch.Filled(ownColumns, rows) }

// CopySpans stores rows of llm_spans, of which filled are the FilledColumns, or more.
func (s *Store) CopySpans(ctx context.Context, c *pgbatch.Conn, filled SpanColumns, rows []SpanRow) error {
	columns := slices.Concat(filled, pgbatch.Filled(countingColumns, rows))
	return pgbatch.CopyRows(ctx, c, "store spans", pgbatch.CopySQL(s.spansTable, columns), columns, rows)
}
