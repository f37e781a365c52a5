package write

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
	"github.com/llm-observatory/llmobservatoryexporter/internal/trace"
)

// restarts bounds how often a batch locks its traces. It begins anew where another batch of this process has created a shared
// trace, where a trace is there that was taken for new, and where it has to pair: once each, unless others create
// its traces between its look and its INSERT again and again. Then it is a conflict, which pgbatch tries anew as often.
const restarts = 5

// resolveTraces finds or creates the row of every trace and works out what counts.
// Another batch may be creating the same rows: then they are there only after this batch
// has created others, and it starts over, so that rows are locked before any is created,
// as all batches do.
func (t *transaction) resolveTraces(ctx context.Context) error {
	if t.pairing != nil {
		t.ahead.Wait()
		t.filled.wait()
		if err := t.pairing.movePaired(ctx); err != nil {
			return err
		}
	}
	if shared := t.w.inFlight.sharedBy(t.flight); len(shared) > len(t.shared) {
		if t.ahead.Wait(); t.pairing == nil { // some may be counted ahead
			t.forget()
		}
		t.shared = shared
	}
	ask := t.mayExist()
	for range restarts {
		missing, err := t.lock(ctx, ask)
		if err != nil {
			return err
		}
		t.ahead.Wait()
		again := t.hasToPair()
		done := false
		if !again {
			if done, err = t.create(ctx, missing); err != nil {
				return err
			}
		}
		if done {
			if !t.copyNew && !t.careful {
				t.w.newTraces.asked(t.foundUnknownTrace)
			}
			if err := t.words.look(ctx); err != nil {
				return err
			}
			return t.countStored(ctx, t.storedTraces())
		}
		if err := t.conn.Exec(ctx, pgbatch.Statement{What: "start over", SQL: "ROLLBACK TO SAVEPOINT llm_traces"}); err != nil {
			return err
		}
		t.forget()
		if again {
			if err := t.pairAgain(ctx); err != nil {
				return err
			}
		}
		if ask = t.allTraces(); t.pairing == nil {
			ask = t.mayExist()
		}
	}
	return fmt.Errorf("traces appear again and again while others are created: %w", pgbatch.ErrConflict)
}

func (t *transaction) allTraces() []int32 {
	all := make([]int32, len(t.traces))
	for i := range all {
		all[i] = int32(i)
	}
	return all
}

// mayExist returns the traces that may have a row.
func (t *transaction) mayExist() []int32 {
	if t.careful {
		return t.allTraces()
	}
	var may []int32
	for i := range t.traces {
		if !t.isAbsent(t.traces[i].otel) {
			may = append(may, int32(i))
		}
	}
	return may
}

// isTakenForNew reports whether nothing is asked of a trace that no cache knows. If it is not new, this batch's
// row is refused, and it starts over.
func (t *transaction) isTakenForNew(id pcommon.TraceID) bool {
	return t.copyNew && t.unknown[id] && !t.shared[id]
}

// isAbsent reports whether nothing is known to be stored of a trace.
func (t *transaction) isAbsent(id pcommon.TraceID) bool {
	if t.pairing == nil {
		return t.isTakenForNew(id)
	}
	_, stored := t.pairing.facts[id]
	return t.pairing.asked[id] && !stored
}

// forget drops what was worked out.
func (t *transaction) forget() {
	t.filled.forget()
	t.counting.changes, t.counting.hours, t.empty = store.Changes{}, nil, nil
	t.result.TracesCreated = 0
	for i := range t.traces {
		t.traces[i].stored, t.traces[i].row = nil, nil
	}
	if t.pairing != nil {
		t.pairing.changes.Pairs, t.pairing.changes.Unlisted = nil, nil
	}
}

func (t *transaction) storedTraces() []int32 {
	var stored []int32
	for i := range t.traces {
		if tr := &t.traces[i]; tr.stored != nil && len(tr.rows)+len(tr.moving)+len(tr.leaving)+len(tr.events) > 0 {
			stored = append(stored, int32(i))
		}
	}
	return stored
}

// create stores the rows of the traces that have none, with what the batch says of them.
// It waits for other batches that are creating the same; it is done unless one of them
// has created any.
func (t *transaction) create(ctx context.Context, traces []int32) (done bool, err error) {
	for _, at := range traces {
		if tr := &t.traces[at]; !t.listed(tr) && len(tr.rows) > 0 { // prompts before their calls
			t.countNew(at)
			tr.row = nil
		}
	}
	traces = t.wanted(traces)
	if len(traces) == 0 {
		return true, nil
	}
	if err := t.countWithPrompts(ctx, traces); err != nil {
		return false, err
	}
	rows := make([]store.TraceRow, len(traces))
	for i, at := range traces {
		tr := &t.traces[at]
		switch {
		case t.listed(tr) && tr.row == nil:
			t.countNew(at)
		case !t.listed(tr):
			tr.row, t.empty = &trace.Rollup{}, append(t.empty, tr.otel)
		}
		rows[i] = store.TraceRow{ID: tr.id, TraceID: tr.otel, Rollup: tr.row}
	}
	t.result.TracesCreated = len(rows) - len(t.empty)
	return t.storeTraces(ctx, rows)
}

// storeTraces stores rows of new traces, and reports whether none of them was there. A careful
// attempt, and any while optimism is not justified, skips those that are, and every attempt skips
// those that another batch in flight creates.
func (t *transaction) storeTraces(ctx context.Context, rows []store.TraceRow) (done bool, err error) {
	if !t.copyNew {
		done, err = t.store.InsertTraces(ctx, t.conn, rows)
		t.foundUnknownTrace = t.foundUnknownTrace || !done
		return done, err
	}
	var shared, own []store.TraceRow
	if own = rows; len(t.shared) > 0 {
		own = nil
		for _, row := range rows {
			if t.shared[row.TraceID] {
				shared = append(shared, row)
			} else {
				own = append(own, row)
			}
		}
	}
	if len(shared) > 0 { // first, since these may have to be locked instead
		if done, err = t.store.InsertTraces(ctx, t.conn, shared); err != nil || !done {
			return false, err
		}
	}
	done, err = t.store.CopyTraces(ctx, t.conn, own)
	if err == nil && !done {
		t.copyNew, t.foundUnknownTrace = false, true
		t.w.newTraces.refuted()
	}
	return done, err
}

// lock sets the savepoint to start over from, reads and locks the rows of the traces to
// ask for, and returns all traces that have none.
func (t *transaction) lock(ctx context.Context, traces []int32) (missing []int32, err error) {
	number := make(map[pcommon.TraceID]int32, len(traces))
	ids := make([]pcommon.TraceID, len(traces))
	for i, at := range traces {
		ids[i] = t.traces[at].otel
		number[ids[i]] = at
	}
	err = t.store.LockTraces(ctx, t.conn, ids, func(row *store.TraceRow) error {
		tr := &t.traces[number[row.TraceID]]
		tr.id, tr.stored = row.ID, row.Rollup
		t.foundUnknownTrace = t.foundUnknownTrace || t.unknown[row.TraceID] && !t.shared[row.TraceID]
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range t.traces {
		if t.traces[i].stored == nil {
			missing = append(missing, int32(i))
		}
	}
	return missing, nil
}
