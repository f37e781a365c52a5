package main

import (
	"fmt"
	"strings"
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
func (r row) usage() *mapping.Usage {
	if r.Kind.IsModel() {
		return &r.Usage
	}
	return new(mapping.Usage)
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

// copyColumn is a column of inline_spans.
type copyColumn struct {
	name  string
	value func(row) any
}

// copyColumns are those of llm_spans, with the words themselves in place of references.
var copyColumns = append(fedColumns(), []copyColumn{
	{"trace_id", func(r row) any { return [16]byte(r.TraceID) }},
	{"start_time", func(r row) any { return time.UnixMicro(r.Start) }},
	{"end_time", func(r row) any { return time.UnixMicro(r.End) }},
	{"duration_us", func(r row) any { return r.End - r.Start }},
	{"stored_at", func(r row) any { return time.UnixMicro(r.End) }},
	{"source", func(row) any { return "span" }},
	{"labels", func(row) any { return nil }},
	{"flags", func(r row) any { return optional(int64(r.Flags), r.Flags != 0) }},
	{"dropped_attributes_count", func(r row) any { return optional(int64(r.DroppedAttributes), r.DroppedAttributes != 0) }},
	{"dropped_events_count", func(r row) any { return optional(int64(r.DroppedEvents), r.DroppedEvents != 0) }},
	{"dropped_links_count", func(r row) any { return optional(int64(r.DroppedLinks), r.DroppedLinks != 0) }},
	{"below", func(row) any { return nil }},
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
	{"scope_name", func(r row) any { return text(r.ScopeName) }},
	{"scope_version", func(r row) any { return text(r.ScopeVersion) }},
	{"status", func(r row) any { return r.Status }},
	{"status_message", func(r row) any { return text(r.StatusMessage) }},
	{"trace_state", func(r row) any { return text(r.TraceState) }},
	{"estimated_cost", func(row) any { return nil }},
	{"adjustments", func(r row) any { return optional(r.Adjustments.Names(), r.Adjustments != 0) }},
	{"aggregate_usage", func(row) any { return nil }},
	{"attributes", func(r row) any { return document(r.Attributes) }},
	{"events", func(r row) any { return document(r.Events) }},
	{"links", func(r row) any { return document(r.Links) }},
}...)

func fedColumns() []copyColumn {
	var columns []copyColumn
	for _, c := range mapping.Columns() {
		columns = append(columns, fedColumn(c))
	}
	return columns
}

// fedColumn stores what a column of package mapping holds.
func fedColumn(c mapping.Column) copyColumn {
	switch of := c.Of.(type) {
	case func(*mapping.Span) *string:
		return copyColumn{c.Name, func(r row) any { return text(*of(r.Span)) }}
	case func(*mapping.Span) []string:
		return copyColumn{c.Name, func(r row) any { return optional(of(r.Span), of(r.Span) != nil) }}
	case func(*mapping.Span) mapping.Int:
		return copyColumn{c.Name, func(r row) any { return integer(of(r.Span)) }}
	case func(*mapping.Span) mapping.Float:
		return copyColumn{c.Name, func(r row) any { return optional(of(r.Span).V, of(r.Span).OK) }}
	case func(*mapping.Span) mapping.Bool:
		return copyColumn{c.Name, func(r row) any { return optional(of(r.Span).V, of(r.Span).OK) }}
	case func(*mapping.Span) []byte:
		return copyColumn{c.Name, func(r row) any { return document(of(r.Span)) }}
	case func(*mapping.Usage) mapping.Int:
		return copyColumn{c.Name, func(r row) any { return integer(of(r.usage())) }}
	case func(*mapping.Usage) decimal.NullDecimal:
		return copyColumn{c.Name, func(r row) any { return numeric(of(r.usage())) }}
	case func(*mapping.Span) *content.ID:
		return copyColumn{strings.TrimSuffix(c.Name, "_id"), func(r row) any { return r.one(*of(r.Span)) }}
	case func(*mapping.Span) []content.ID:
		return copyColumn{strings.TrimSuffix(c.Name, "_ids") + "s", func(r row) any { return r.list(of(r.Span)) }}
	}
	panic(fmt.Sprintf("column %s: no value for %T", c.Name, c.Of))
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
