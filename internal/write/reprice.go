package write

import (
	"cmp"
	"context"
	"math"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
)

// repriceSpans bounds what one transaction prices again: the traces of so many spans.
const repriceSpans = 4000

// Repriced says what Reprice has done.
type Repriced struct {
	Day    int32 // since 1970-01-01
	Done   bool  // with the day
	Traces int
	// Calls were looked at, Changed have another estimate.
	Calls, Changed int
}

// Reprice estimates the calls of the next traces of a day that waits for that, in one
// transaction with all sums that follow: of their traces at once, of their hours when these
// are folded again. A trace that an earlier version counted is counted anew. It returns nil
// if no day waits, or another collector is at it.
func (w *Writer) Reprice(ctx context.Context, estimate func([]mapping.Span)) (done *Repriced, err error) {
	err = pgbatch.Run(ctx, w.pool, true, func(c *pgbatch.Conn, _ bool) error {
		t := &transaction{w: w, conn: c, batch: &mapping.Batch{}, careful: true}
		done, err = t.reprice(ctx, estimate)
		return err
	})
	return done, err
}

func (t *transaction) reprice(ctx context.Context, estimate func([]mapping.Span)) (*Repriced, error) {
	if err := t.begin(ctx); err != nil {
		return nil, err
	}
	next, err := t.w.store.NextRepricing(ctx, t.conn)
	if next == nil || err != nil {
		return nil, cmp.Or(err, t.conn.Commit(ctx))
	}
	refs, err := t.w.store.TracesToPrice(ctx, t.conn, next, repriceSpans)
	if err != nil {
		return nil, err
	}
	done := &Repriced{Day: next.Day, Done: len(refs) == 0}
	var last *[16]byte
	if len(refs) > 0 {
		last = &refs[len(refs)-1].ID
	}
	times, err := t.repriceTraces(ctx, refs, estimate, done)
	if err != nil {
		return nil, err
	}
	s := t.w.store.Change(nil, &t.changes, t.bounds())
	s = t.w.store.UpdateTraces(s, t.changedTraces())
	s = t.w.store.TouchHours(s, append(times, t.changedTimes()...))
	return done, t.conn.Commit(ctx, t.w.store.Progress(s, next, last)...)
}

// repriceTraces locks traces, estimates their calls, and works out their rows. It returns
// the starts of the spans that have another estimate.
func (t *transaction) repriceTraces(ctx context.Context, refs []store.TraceRef, estimate func([]mapping.Span), done *Repriced) (times []int64, err error) {
	for _, ref := range refs {
		if !ref.TraceID.IsEmpty() {
			t.traces = append(t.traces, traceSpans{otel: ref.TraceID, id: ref.ID})
		}
	}
	if len(t.traces) == 0 {
		return nil, nil
	}
	if _, err := t.lock(ctx, t.allTraces()); err != nil {
		return nil, err
	}
	within := store.Range{From: math.MaxInt64, To: math.MinInt64}
	var ids [][16]byte
	number := map[[16]byte]int{}
	var outdated []int32
	for i := range t.traces {
		tr := &t.traces[i]
		if tr.stored == nil {
			continue // gone meanwhile
		}
		number[tr.id] = i
		ids = append(ids, tr.id)
		within.From, within.To = min(within.From, tr.stored.Start), max(within.To, tr.stored.End)
		if !tr.stored.Current() {
			outdated = append(outdated, int32(i))
			within.From, within.To = math.MinInt64, math.MaxInt64 // of its bounds nothing is sure
		}
	}
	done.Traces = len(ids)
	if times, err = t.estimateAgain(ctx, ids, within, number, estimate, done); err != nil {
		return nil, err
	}
	return times, t.countStored(ctx, outdated)
}

// estimateAgain stores the estimates that have changed and adds them to the rows of their
// traces. It returns times in the hours whose usage changes.
func (t *transaction) estimateAgain(ctx context.Context, ids [][16]byte, within store.Range, number map[[16]byte]int, estimate func([]mapping.Span), done *Repriced) (times []int64, err error) {
	var rows []store.EstimateRow
	one := make([]mapping.Span, 1)
	elsewhere := map[int]bool{}
	err = t.w.store.SpansToPrice(ctx, t.conn, ids, within, func(s *store.PricedSpan) {
		done.Calls++
		was := s.EstimatedCost
		one[0] = s.Span
		one[0].EstimatedCost.Valid = false
		estimate(one)
		is := one[0].EstimatedCost
		if was.Valid == is.Valid && (!is.Valid || was.Decimal.Equal(is.Decimal)) {
			return
		}
		rows = append(rows, store.EstimateRow{Trace: s.Trace, Span: s.SpanID, Start: s.Start, Estimate: is})
		times = append(times, s.Start)
		n := number[s.Trace]
		elsewhere[n] = elsewhere[n] || !s.Counted.V && s.UsageCounted.V
		if tr := &t.traces[n]; tr.stored.Current() {
			tr.stored.Reprice(s.Flags, was, is)
			tr.row = tr.stored
		}
	})
	if err != nil {
		return nil, err
	}
	for n, figures := range elsewhere {
		if figures { // of a call that starts in another hour, maybe
			times = append(times, t.traces[n].stored.HourTimes()...)
		}
	}
	done.Changed = len(rows)
	return times, t.w.store.UpdateEstimates(ctx, t.conn, rows, within)
}
