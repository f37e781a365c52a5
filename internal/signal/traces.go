package signal

import (
	"context"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/logs"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// Traces is data of the traces signal.
type Traces struct{ ptrace.Traces }

// Map implements Data.
func (t Traces) Map(ctx context.Context, m *mapping.Mapper, mapped func(*mapping.Batch)) (*mapping.Batch, error) {
	b, err := m.TracesInParts(ctx, t.Traces, func(part *mapping.Batch) {
		logs.ObserveAPICalls(part.Spans) // first: the owners that mapped notes of contents follow from it
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
	rest.ResourceSpans().RemoveIf(func(rs ptrace.ResourceSpans) bool {
		rs.ScopeSpans().RemoveIf(func(ss ptrace.ScopeSpans) bool {
			ss.Spans().RemoveIf(func(span ptrace.Span) bool { return !isLeft[id{span.TraceID(), span.SpanID()}] })
			return ss.Spans().Len() == 0
		})
		return rs.ScopeSpans().Len() == 0
	})
	return Traces{rest}
}

// Error implements Data.
func (t Traces) Error(err error) error { return consumererror.NewTraces(err, t.Traces) }

// Len implements Data.
func (t Traces) Len() int { return t.SpanCount() }

// Bytes implements Data.
func (t Traces) Bytes() int { return (&ptrace.ProtoMarshaler{}).TracesSize(t.Traces) }
