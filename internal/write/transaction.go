package write

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
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
	proof     proof
	relied    map[int32]content.ID     // by day: a known content
	surprised bool                     // contents were there that this process did not know
	left      map[*claims][]contentRow // contents left to earlier batches

	// Facts.
	traces  []trace
	rows    []spanRow
	columns []column[spanRow] // of llm_spans that the batch fills
	dead    []bool            // by row: a duplicate
	counted bool              // every trace, as if it were new
	shared  bool              // other batches of this process have spans of the same traces

	// Changes to rows stored earlier.
	flags   []flagRow
	arrived []refRow
	awaits  []awaitedRow
	edges   []edgeRow
	settled []edgeRow

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
	mapped.Go(func() { t.columns = filledColumns(t.source.Spans()) })
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
	t.rows = make([]spanRow, len(spans))
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
			if err := exec(ctx, t.pg, statement{what: "set a savepoint", sql: "SAVEPOINT llm_traces"}); err != nil {
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
		if err := exec(ctx, t.pg, statement{what: "start over", sql: "ROLLBACK TO SAVEPOINT llm_traces"}); err != nil {
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
	t.flags, t.arrived, t.awaits, t.edges, t.settled = nil, nil, nil, nil, nil
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
		t.awaits, t.edges = nil, nil
		if err := t.countNew(ctx, traces); err != nil {
			return false, err
		}
	}
	if len(traces) == 0 {
		return true, nil
	}
	rows := make([]traceRow, len(traces))
	for i, at := range traces {
		tr := &t.traces[at]
		rows[i] = traceRow{tr.id, tr.otel, &tr.rollup}
	}
	created := len(rows)
	if shared {
		created = 0
		err = exec(ctx, t.pg, statement{
			what: "create traces", sql: t.w.sql.insertTraces.sql, params: t.w.sql.insertTraces.params(rows), oids: t.w.sql.insertTraces.oids,
			tag: func(tag pgconn.CommandTag) { created = int(tag.RowsAffected()) },
		})
	} else {
		t.buf, err = copyRows(ctx, t.pg, t.w.sql.copyTraces, traceCopyColumns, once(rows), t.buf)
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
	byHex := make(map[string]int32, len(traces))
	ids := appendArrayHeader(nil, pgtype.TextOID, len(traces))
	for _, at := range traces {
		byHex[t.traces[at].otel.String()] = at
		ids = appendTraceHex(ids, t.traces[at].otel)
	}
	err = exec(ctx, t.pg, statement{
		what: "lock traces", sql: t.w.sql.lockTraces, params: [][]byte{ids}, oids: []uint32{pgtype.TextArrayOID},
		row: func(v [][]byte) error {
			tr := &t.traces[byHex[string(v[1])]]
			tr.stored = &rollup{}
			return readTrace(v, &tr.id, tr.stored)
		},
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
	rows := make([]spanRow, 0, len(t.rows))
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
	if t.buf, err = copyRows(ctx, t.pg, copySQL(t.w.sql.spans, t.columns), t.columns, once(rows), t.buf); err != nil {
		return fmt.Errorf("store spans: %w", err)
	}
	return nil
}

// finish stores the resources, applies the changes to rows that were there before,
// and commits.
func (t *transaction) finish(ctx context.Context) error {
	var s []statement
	if len(t.resources) > 0 {
		s = append(s, t.w.insertResources(t.resources, lastDays(t.source.Spans())))
	}
	s = appendRows(s, "update spans", &t.w.sql.updateSpans, t.flags, t.bounds()...)
	s = appendRows(s, "settle awaited spans", &t.w.sql.awaitedDelete, t.arrived)
	s = appendRows(s, "await spans", &t.w.sql.awaitedUpsert, t.awaits)
	s = appendRows(s, "link calls", &t.w.sql.insertEdges, t.edges)
	s = appendRows(s, "settle calls", &t.w.sql.settleEdges, t.settled)
	s = appendRows(s, "update traces", &t.w.sql.updateTraces, t.changedTraces())
	s = appendRows(s, "note hours", &t.w.sql.noteHours, t.hours())
	s = append(s, statement{what: "commit", sql: "COMMIT", tag: func(tag pgconn.CommandTag) { t.result.committed = tag.String() == "COMMIT" }})
	if err := exec(ctx, t.pg, s...); err != nil {
		return err
	}
	if !t.result.committed {
		return errRolledBack
	}
	return nil
}

// appendRows adds a statement for rows unless there are none; extra are
// parameters of type timestamptz.
func appendRows[T any](s []statement, what string, q *query[T], rows []T, extra ...[]byte) []statement {
	if len(rows) == 0 {
		return s
	}
	oids := slices.Clone(q.oids)
	for range extra {
		oids = append(oids, pgtype.TimestamptzOID)
	}
	return append(s, statement{what: what, sql: q.sql, params: append(q.params(rows), extra...), oids: oids})
}

// changedTraces returns the rows of the traces that were there before and got
// new spans.
func (t *transaction) changedTraces() []traceRow {
	var rows []traceRow
	for i := range t.traces {
		tr := &t.traces[i]
		if tr.stored == nil || tr.rollup.spans == 0 {
			continue
		}
		tr.stored.merge(&tr.rollup)
		rows = append(rows, traceRow{tr.id, tr.otel, tr.stored})
	}
	return rows
}

// bounds returns the first and last start time of the stored traces of this
// batch, as parameters: all their stored spans lie between.
func (t *transaction) bounds() [][]byte {
	var from, to int64
	first := true
	for i := range t.traces {
		if s := t.traces[i].stored; s != nil && s.spans > 0 {
			if first || s.start < from {
				from = s.start
			}
			if first || s.end > to {
				to = s.end
			}
			first = false
		}
	}
	return [][]byte{appendTime(nil, from)[4:], appendTime(nil, to)[4:]}
}
