// Package signal has what differs between the signals that the exporter takes: how the
// data becomes a batch, and how the queue gets back what is left of the data. All that
// comes after is the same for every signal; see docs/architecture.md for what a new one
// takes.
package signal

import (
	"context"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/logs"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// Data is what a pipeline hands over at once.
type Data interface {
	// Map makes a batch of all the data, unless the context ends before. It also gives the batch's parts to mapped,
	// as soon as what they refer to does not change any more, in any order; all of them, unless Map fails.
	Map(ctx context.Context, m *mapping.Mapper, mapped func(*mapping.Batch)) (*mapping.Batch, error)
	// Days are the UTC days of the parts, nil if Map gives none.
	Days() []int32
	// Rest is the data of the spans and log records that are left to store.
	Rest(spans []mapping.Span, events []mapping.Event) Data
	// Error is err for the queue, which tries again with this data.
	Error(err error) error
	// Len is the number of spans or records.
	Len() int
	// Bytes is the size as OTLP.
	Bytes() int
}

// Traces is data of the traces signal.
type Traces struct{ ptrace.Traces }

// Map implements Data.
func (t Traces) Map(ctx context.Context, m *mapping.Mapper, mapped func(*mapping.Batch)) (*mapping.Batch, error) {
	b, err := m.TracesInParts(ctx, t.Traces, func(part *mapping.Batch) {
		logs.ObserveAPICalls(part.Spans) // whose contents are noted for the span goes by that
		mapped(part)
	})
	if err != nil {
		return nil, err
	}
	logs.NameTurns(t.Traces, b.Spans)
	if read := logs.ReadSpanEvents(t.Traces, m.Fault); read != nil {
		calls, err := m.Traces(ctx, read.Spans)
		if err != nil {
			return nil, err
		}
		read.Describe(calls.Spans)
		mapped(calls)
		b.Add(calls)
		b.RejectedRecords = read.Rejected
	}
	return b, nil
}

// Days implements Data.
func (t Traces) Days() []int32 { return mapping.DaysOf(t.Traces) }

// Rest implements Data.
func (t Traces) Rest(left []mapping.Span, _ []mapping.Event) Data {
	type id struct {
		trace pcommon.TraceID
		span  pcommon.SpanID
	}
	isLeft := make(map[id]bool, len(left))
	for i := range left {
		isLeft[id{left[i].TraceID, left[i].SpanID}] = true
		if left[i].Event != nil { // an event of the span that is its parent
			isLeft[id{left[i].TraceID, left[i].ParentSpanID}] = true
		}
	}
	rest := ptrace.NewTraces()
	t.CopyTo(rest)
	for _, rs := range rest.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			ss.Spans().RemoveIf(func(span ptrace.Span) bool { return !isLeft[id{span.TraceID(), span.SpanID()}] })
		}
	}
	return Traces{rest}
}

// Error implements Data.
func (t Traces) Error(err error) error { return consumererror.NewTraces(err, t.Traces) }

// Len implements Data.
func (t Traces) Len() int { return t.SpanCount() }

// Bytes implements Data.
func (t Traces) Bytes() int { return (&ptrace.ProtoMarshaler{}).TracesSize(t.Traces) }
