package write

import (
	"context"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
)

// repriceSpans bounds what one transaction prices again: the traces of so many spans. A quarter of
// them took a tenth more time of PostgreSQL and of the collector.
const repriceSpans = 16000

// repriceTraces bounds the traces that one transaction prices again because of calls without a model.
const repriceTraces = 200

// Repriced says what Reprice has done.
type Repriced struct {
	Day    int32 // since 1970-01-01
	Done   bool  // with the day
	Traces int
	// Calls were looked at, Changed have another estimate.
	Calls, Changed int
}

// Prices are what calls are estimated by.
type Prices interface {
	// Reload reads the prices of now.
	Reload(context.Context, *pgx.Conn) error
	// Estimate fills the estimated cost of spans.
	Estimate([]mapping.Span)
}

// Reprice estimates the calls of the next traces of a day that waits for that, in one
// transaction with all sums that follow: of their traces at once, of their hours when these
// are folded again. A trace that an earlier version counted is counted anew. It returns nil
// if no day waits, or another collector is at it.
func (w *Writer) Reprice(ctx context.Context, prices Prices) (*Repriced, error) {
	return w.reprice(ctx, prices, (*repricing).nextOfDay)
}

// RepriceDue does so for traces that wait for the model of a call. It returns nil if none is due.
func (w *Writer) RepriceDue(ctx context.Context, prices Prices) (*Repriced, error) {
	return w.reprice(ctx, prices, (*repricing).due)
}

func (w *Writer) reprice(ctx context.Context, prices Prices, run func(*repricing, context.Context) error) (done *Repriced, err error) {
	err = pgbatch.Run(ctx, w.pool, true, func(c *pgbatch.Conn, _ bool) error {
		r := repricing{
			transaction: transaction{w: w, store: w.store, conn: c, batch: &mapping.Batch{}, options: options{careful: true}},
			prices:      prices, number: map[[16]byte]int32{}, changed: map[int32]bool{}, elsewhere: map[int32]bool{},
		}
		err := r.begin(ctx, nil)
		if err == nil {
			err = run(&r, ctx)
		}
		done = r.done
		return err
	})
	return done, err
}

// repricing is a transaction that estimates stored calls.
type repricing struct {
	transaction
	prices Prices
	one    [1]mapping.Span // that is being estimated
	done   *Repriced

	number    map[[16]byte]int32 // of a trace in traces
	rows      []store.EstimateRow
	times     []int64        // in hours whose usage changes
	changed   map[int32]bool // traces whose sums change
	elsewhere map[int32]bool // traces where a call that starts in another hour may have the figures
}

func (r *repricing) nextOfDay(ctx context.Context) error {
	next, err := r.store.NextRepricing(ctx, r.conn)
	if err != nil {
		return err
	}
	if next == nil {
		return r.conn.Commit(ctx)
	}
	// A change of prices after this lists the day anew, and waits for this transaction to do so.
	if err := r.reload(ctx); err != nil {
		return err
	}
	ids, err := r.store.TracesToPrice(ctx, r.conn, next, repriceSpans)
	if err != nil {
		return err
	}
	r.done = &Repriced{Day: next.Day, Done: len(ids) == 0}
	var last *[16]byte
	if len(ids) > 0 {
		last = &ids[len(ids)-1]
	}
	s, err := r.reprice(ctx, ids, next.TouchedSince)
	if err != nil {
		return err
	}
	return r.conn.Commit(ctx, r.store.Progress(s, next, last)...)
}

// due prices the traces that wait longest for the model of a call.
func (r *repricing) due(ctx context.Context) error {
	due, err := r.store.DueTraces(ctx, r.conn, repriceTraces)
	if err != nil {
		return err
	}
	if len(due) == 0 {
		return r.conn.Commit(ctx)
	}
	ids := make([][16]byte, len(due))
	for i := range due {
		ids[i] = due[i].ID
	}
	if err := r.reload(ctx); err != nil {
		return err
	}
	r.done = &Repriced{}
	s, err := r.reprice(ctx, ids, math.MinInt64)
	if err != nil {
		return err
	}
	return r.conn.Commit(ctx, r.store.PricedTraces(s, due, ids)...)
}

func (r *repricing) reload(ctx context.Context) error {
	if err := r.prices.Reload(ctx, r.conn.Pgx()); err != nil {
		return fmt.Errorf("read llm_prices: %w", err)
	}
	return nil
}

// reprice estimates the calls of those of the traces that batches have changed since then, and
// returns the statements that store what follows.
func (r *repricing) reprice(ctx context.Context, ids [][16]byte, since int64) ([]pgbatch.Statement, error) {
	if len(ids) > 0 {
		err := r.store.LockTracesToPrice(ctx, r.conn, since, ids, func(row *store.TraceRow) {
			r.traces = append(r.traces, traceSpans{otel: row.TraceID, id: row.ID, stored: row.Rollup})
		})
		if err != nil {
			return nil, err
		}
	}
	if len(r.traces) > 0 {
		if err := r.estimate(ctx); err != nil {
			return nil, err
		}
	}
	s := r.store.Change(nil, &r.counting.changes, r.bounds())
	s = r.store.UpdateTraces(s, r.changedTraces()) // those that were counted anew
	s = r.store.UpdateCosts(s, r.costs())
	return r.store.TouchHours(s, append(r.times, r.changedTimes()...)), nil
}

// estimate estimates the calls of traces whose rows are locked.
func (r *repricing) estimate(ctx context.Context) error {
	within := store.Range{From: math.MaxInt64, To: math.MinInt64}
	var ids [][16]byte
	var outdated []int32
	for i := range r.traces {
		tr := &r.traces[i]
		r.number[tr.id] = int32(i)
		ids = append(ids, tr.id)
		within.From, within.To = min(within.From, tr.stored.Start), max(within.To, tr.stored.End)
		if !tr.stored.Current() {
			outdated = append(outdated, int32(i))
			within.From, within.To = math.MinInt64, math.MaxInt64 // of its bounds nothing is sure
		}
	}
	if err := r.store.SpansToPrice(ctx, r.conn, ids, within, r.price); err != nil {
		return err
	}
	r.done.Traces, r.done.Changed = len(ids), len(r.rows)
	for n := range r.elsewhere {
		r.times = append(r.times, r.traces[n].stored.HourTimes()...)
	}
	if err := r.store.UpdateEstimates(ctx, r.conn, r.rows, within); err != nil {
		return err
	}
	return r.countStored(ctx, outdated)
}

// price estimates a stored call, and notes what follows where the estimate has changed.
func (r *repricing) price(s *store.PricedSpan) {
	r.done.Calls++
	was := s.EstimatedCost
	r.one[0] = s.Span
	r.one[0].EstimatedCost.Valid = false
	r.prices.Estimate(r.one[:])
	is := r.one[0].EstimatedCost
	if was.Valid == is.Valid && (!is.Valid || was.Decimal.Equal(is.Decimal)) {
		return
	}
	r.rows = append(r.rows, s.Estimated(is))
	r.times = append(r.times, s.Start)
	n := r.number[s.Trace]
	if s.UsageCounted.V && !s.Counted.V {
		r.elsewhere[n] = true
	}
	if tr := &r.traces[n]; tr.stored.Current() {
		tr.stored.Reprice(s.Flags, was, is)
		r.changed[n] = true
	}
}

// costs returns the traces whose sums change with the estimates.
func (r *repricing) costs() []store.TraceRow {
	rows := make([]store.TraceRow, 0, len(r.changed))
	for i := range r.traces {
		if r.changed[int32(i)] {
			rows = append(rows, store.TraceRow{ID: r.traces[i].id, TraceID: r.traces[i].otel, Rollup: r.traces[i].stored})
		}
	}
	return rows
}
