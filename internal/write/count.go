package write

import (
	"context"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
	"github.com/llm-observatory/llmobservatoryexporter/internal/trace"
)

// countNew works out flags and row of a trace that the batch creates.
func (t *transaction) countNew(at int32) {
	c := &t.counting
	c.spans = t.spansOf(at, c.spans[:0])
	t.beginCounting(&c.one, at, c.spans)
	_, result := c.planner.Plan(&c.one)
	t.take(at, result)
}

// spansAtOnce is how many spans the traces have that are counted in the same round trips, each
// of which may have to be read whole: some 300 MB.
const spansAtOnce = 8 * trace.LargeTrace

// countStored does the same for traces that were there before, which takes answers from
// storage.
func (t *transaction) countStored(ctx context.Context, traces []int32) error {
	for len(traces) > 0 {
		n, spans := 1, t.traces[traces[0]].stored.Spans
		for n < len(traces) && spans+t.traces[traces[n]].stored.Spans <= spansAtOnce {
			spans += t.traces[traces[n]].stored.Spans
			n++
		}
		if err := t.countTogether(ctx, traces[:n]); err != nil {
			return err
		}
		traces = traces[n:]
	}
	return nil
}

// countTogether counts traces that were there before, which all ask in the same round trips.
func (t *transaction) countTogether(ctx context.Context, traces []int32) error {
	begun := make([]*trace.Trace, len(traces))
	for i, at := range traces {
		begun[i] = &trace.Trace{}
		t.beginCounting(begun[i], at, t.spansOf(at, nil))
	}
	for len(traces) > 0 {
		var asks []store.TraceAsk
		var left []int32
		var leftBegun []*trace.Trace
		for i, at := range traces {
			ask, result := t.counting.planner.Plan(begun[i])
			if ask == nil {
				t.take(at, result)
				continue
			}
			asks = append(asks, store.TraceAsk{ID: t.traces[at].id, Trace: begun[i], Ask: ask})
			left, leftBegun = append(left, at), append(leftBegun, begun[i])
		}
		traces, begun = left, leftBegun
		if err := t.store.Answer(ctx, t.conn, asks, t.bounds()); err != nil {
			return err
		}
	}
	return nil
}

// spansOf appends what the batch brings of a trace.
func (t *transaction) spansOf(at int32, dst []trace.Span) []trace.Span {
	tr := &t.traces[at]
	dst = slices.Grow(dst, len(tr.rows)+len(tr.moving))
	for _, r := range tr.rows {
		dst = append(dst, trace.Of(t.rows[r].Span))
	}
	for _, m := range tr.moving {
		dst = append(dst, trace.Of(t.pairing.changes.Moving[m].Span))
	}
	return dst
}

// beginCounting makes begun the trace to be counted, with what the batch brings of it.
func (t *transaction) beginCounting(begun *trace.Trace, at int32, spans []trace.Span) {
	tr := &t.traces[at]
	begun.Begin(spans, tr.stored)
	begun.KnowEvents(tr.events...)
	for _, e := range tr.leaving {
		begun.Leave(e.ID, e.Start)
	}
}

// take copies flags to the batch's rows, and collects what else changes.
func (t *transaction) take(at int32, result *trace.Result) {
	tr := &t.traces[at]
	tr.row = result.Row
	if result.Crowded {
		t.result.Crowded += len(tr.rows)
	}
	for i, r := range tr.rows {
		t.duplicates.Spans[r] = result.Duplicate[i]
		t.rows[r].Trace, t.rows[r].Flags = tr.id, result.Spans[i]
	}
	t.counting.changes.Add(tr.id, result, func(span pcommon.SpanID) string { return t.errorType(tr.otel, span) })
	for _, failing := range result.Failing {
		t.counting.hours = append(t.counting.hours, failing.Start)
	}
	if t.pairing != nil {
		t.pairing.takeMoving(tr, result)
	}
	t.counting.hours = append(t.counting.hours, result.Hours...)
}
