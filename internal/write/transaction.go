package write

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/seen"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
)

// trace is what a batch brings of one trace.
type trace struct {
	otel pcommon.TraceID
	id   [16]byte // llm_traces.id
	rows []int32  // its spans in transaction.rows
	// stored is the row as it was before; nil for a trace this batch creates.
	stored *rollup
	rollup rollup
}

// transaction is one attempt to write a batch.
type transaction struct {
	w       *Writer
	pg      *pgconn.PgConn
	source  Source
	job     *job
	claims  *claims
	alone   bool // no other batch is being written by this process
	careful bool // something was not as the fast way hopes: check everything
	asksAll bool // which contents are stored; else it is hoped that those not known are not

	// Words.
	met       map[content.Key]bool // contents that were not known
	resources map[content.ID][]byte
	proof     seen.Proof
	relied    map[int32]content.ID           // by day: a known content
	surprised bool                           // contents were there that this process did not know
	left      map[*claims][]store.ContentRow // contents left to earlier batches

	// Facts.
	traces  []trace
	rows    []store.SpanRow
	columns []store.SpanColumn // of llm_spans that the batch fills
	dead    []bool             // by row: a duplicate
	counted bool               // every trace, as if it were new
	shared  bool               // other batches of this process have spans of the same traces

	// Changes to rows stored earlier.
	changes store.Changes

	buf    []byte
	result Result
}

// run does the whole transaction: contents, traces, spans, resources. Locks are
// taken in that order by every batch, each kind sorted, so that batches
// wait for each other but never in a circle.
func (t *transaction) run(ctx context.Context, isNew IsNew) error {
	for _, step := range []struct {
		do   func(context.Context) error
		took *time.Duration
	}{
		{func(ctx context.Context) error { return t.writeWords(ctx, isNew) }, &t.result.ContentsTime},
		{t.resolve, &t.result.ResolveTime},
		{t.writeSpans, &t.result.SpansTime},
		{t.finish, &t.result.CommitTime},
	} {
		begin := time.Now()
		if err := step.do(ctx); err != nil {
			return err
		}
		*step.took = time.Since(begin)
	}
	return nil
}

// writeWords stores the words and, while Postgres is busy with them, works out
// what counts as if every trace were new, as most are.
func (t *transaction) writeWords(ctx context.Context, isNew IsNew) error {
	var mapped sync.WaitGroup
	var failed error
	mapped.Go(func() {
		t.prepare(ctx, isNew)
		failed = t.countNew(ctx, t.allTraces())
	})
	mapped.Go(func() { t.columns = store.FilledColumns(t.source.Spans()) })
	err := t.writeContents(ctx)
	mapped.Wait()
	err = errors.Join(err, failed)
	t.counted = err == nil
	if err != nil {
		return err
	}
	return t.awaitOthers(ctx)
}

// prepare lays out traces and rows once all spans are there.
func (t *transaction) prepare(ctx context.Context, isNew IsNew) {
	spans := t.source.Spans()
	if t.job.groups == nil {
		t.job.groups = groupByTrace(spans)
		t.job.isNew = isNew(ctx, t.job.ids())
	}
	t.shared = t.w.inFlight.claimTraces(t.claims, t.job.groups)
	t.traces = make([]trace, len(t.job.groups))
	for i, g := range t.job.groups {
		t.traces[i] = trace{otel: g.trace, id: g.trace, rows: g.spans}
	}
	t.rows = make([]store.SpanRow, len(spans))
	t.dead = make([]bool, len(spans))
	for i := range t.rows {
		t.rows[i].Span = &spans[i]
	}
}

func (t *transaction) allTraces() []int32 {
	all := make([]int32, len(t.traces))
	for i := range all {
		all[i] = int32(i)
	}
	return all
}

// resolve finds or creates the row of every trace and works out what counts.
// Where another batch may be creating the same rows, it can turn out that rows
// are there only after this batch has created others; then it starts over, so
// that rows are locked before any is created, as all batches do.
func (t *transaction) resolve(ctx context.Context) error {
	ask := t.ask()
	shared := t.careful || t.shared
	for range attempts {
		if shared {
			if err := pgbatch.Exec(ctx, t.pg, pgbatch.Statement{What: "set a savepoint", SQL: "SAVEPOINT llm_traces"}); err != nil {
				return err
			}
		}
		missing, err := t.lock(ctx, ask)
		if err != nil {
			return err
		}
		done, err := t.create(ctx, missing, shared)
		if err != nil {
			return err
		}
		if done {
			return t.countStored(ctx, t.storedTraces())
		}
		if err := pgbatch.Exec(ctx, t.pg, pgbatch.Statement{What: "start over", SQL: "ROLLBACK TO SAVEPOINT llm_traces"}); err != nil {
			return err
		}
		t.forget()
		ask = t.allTraces()
	}
	return errTraceLost
}

// ask returns the traces that may have a row: all but those that nobody is known
// to have met.
func (t *transaction) ask() []int32 {
	if t.careful || t.shared || !t.w.traceHope.allowed() {
		return t.allTraces()
	}
	var ask []int32
	for i := range t.traces {
		if !t.job.isNew(t.traces[i].otel) {
			ask = append(ask, int32(i))
		}
	}
	return ask
}

// forget drops what was worked out.
func (t *transaction) forget() {
	t.changes = store.Changes{}
	t.counted = false
	for i := range t.traces {
		t.traces[i].stored = nil
	}
}

func (t *transaction) storedTraces() []int32 {
	var stored []int32
	for i := range t.traces {
		if t.traces[i].stored != nil {
			stored = append(stored, int32(i))
		}
	}
	return stored
}

// create stores the rows of the traces that have none, with what the batch
// says of them. Rows that other batches may be creating too go by an INSERT,
// which waits for them; it is done unless one of them was there after all.
func (t *transaction) create(ctx context.Context, traces []int32, shared bool) (done bool, err error) {
	if !t.counted || len(traces) < len(t.traces) {
		t.changes.Awaited, t.changes.Pairs = nil, nil
		if err := t.countNew(ctx, traces); err != nil {
			return false, err
		}
	}
	if len(traces) == 0 {
		return true, nil
	}
	rows := make([]store.TraceRow, len(traces))
	for i, at := range traces {
		tr := &t.traces[at]
		rows[i] = tr.rollup.row(tr.id, tr.otel)
	}
	created := len(rows)
	if shared {
		created, err = t.w.store.InsertTraces(ctx, t.pg, rows)
	} else {
		t.buf, err = t.w.store.CopyTraces(ctx, t.pg, rows, t.buf)
	}
	t.result.TracesCreated = created
	return created == len(rows), err
}

// lock reads and locks the rows of the traces to ask for, and returns all traces
// that have none.
func (t *transaction) lock(ctx context.Context, traces []int32) (missing []int32, err error) {
	if len(traces) == 0 {
		return t.allTraces(), nil
	}
	number := make(map[pcommon.TraceID]int32, len(traces))
	ids := make([]pcommon.TraceID, len(traces))
	for i, at := range traces {
		ids[i] = t.traces[at].otel
		number[ids[i]] = at
	}
	err = t.w.store.LockTraces(ctx, t.pg, ids, func(row *store.TraceRow) error {
		tr := &t.traces[number[row.TraceID]]
		tr.id, tr.stored = row.ID, &rollup{}
		return tr.stored.read(row)
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

// writeSpans stores the batch's spans, duplicates apart, in the order of trace ids,
// as the index has it.
func (t *transaction) writeSpans(ctx context.Context) error {
	rows := make([]store.SpanRow, 0, len(t.rows))
	for i := range t.traces {
		for _, r := range t.traces[i].rows {
			if !t.dead[r] {
				rows = append(rows, t.rows[r])
			}
		}
	}
	t.result.SpansWritten = len(rows)
	if len(rows) == 0 {
		return nil
	}
	var err error
	t.buf, err = t.w.store.CopySpans(ctx, t.pg, t.columns, rows, t.buf)
	return err
}

// finish stores the resources, applies the changes to rows that were there before,
// and commits.
func (t *transaction) finish(ctx context.Context) error {
	var s []pgbatch.Statement
	if len(t.resources) > 0 {
		s = append(s, t.w.store.Resources(t.resources, t.source.Spans()))
	}
	s = t.w.store.Change(s, &t.changes, t.bounds())
	s = t.w.store.UpdateTraces(s, t.changedTraces())
	s = t.w.store.TouchHours(s, t.changedTimes())
	s = append(s, pgbatch.Statement{What: "commit", SQL: "COMMIT", Tag: func(tag pgconn.CommandTag) { t.result.committed = tag.String() == "COMMIT" }})
	if err := pgbatch.Exec(ctx, t.pg, s...); err != nil {
		return err
	}
	if !t.result.committed {
		return errRolledBack
	}
	return nil
}

// changedTraces returns the rows of the traces that were there before and got
// new spans.
func (t *transaction) changedTraces() []store.TraceRow {
	var rows []store.TraceRow
	for i := range t.traces {
		tr := &t.traces[i]
		if tr.stored == nil || tr.rollup.spans == 0 {
			continue
		}
		tr.stored.merge(&tr.rollup)
		rows = append(rows, tr.stored.row(tr.id, tr.otel))
	}
	return rows
}

// changedTimes returns the starts of the spans whose usage this batch changes: those that
// it stores and those that count otherwise than before.
func (t *transaction) changedTimes() []int64 {
	var times []int64
	for r := range t.rows {
		if !t.dead[r] {
			times = append(times, t.rows[r].Start)
		}
	}
	for i := range t.changes.Flags {
		times = append(times, t.changes.Flags[i].Start)
	}
	return times
}

// bounds returns the first and last time of the stored traces of this batch: all their
// stored spans lie between.
func (t *transaction) bounds() store.Range {
	var within store.Range
	first := true
	for i := range t.traces {
		if s := t.traces[i].stored; s != nil && s.spans > 0 {
			if first || s.start < within.From {
				within.From = s.start
			}
			if first || s.end > within.To {
				within.To = s.end
			}
			first = false
		}
	}
	return within
}
