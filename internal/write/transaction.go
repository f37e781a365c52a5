package write

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
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

// transaction writes one batch.
type transaction struct {
	w       *Writer
	pg      *pgconn.PgConn
	batch   *mapping.Batch
	earlier []*mapping.Batch
	careful bool // something was not as the fast way hopes: check everything
	traces  []trace
	rows    []spanRow
	dead    []bool // by row: a duplicate
	// changes to rows stored earlier
	flags   []flagRow
	arrived []refRow
	awaits  []awaitedRow
	edges   []edgeRow
	settled []edgeRow
	buf     []byte
	result  Result
}

// run does the whole transaction: contents and resources, traces, spans. Locks
// are taken in that order by every batch, each kind sorted, so that batches
// wait for each other but never in a circle.
func (t *transaction) run(ctx context.Context, known func(pcommon.TraceID) bool) error {
	clock := time.Now()
	lap := func(phase *time.Duration) {
		now := time.Now()
		*phase += now.Sub(clock)
		clock = now
	}
	if err := t.writeContents(ctx); err != nil {
		return err
	}
	lap(&t.result.ContentsTime)
	t.group()
	if err := t.resolve(ctx, known); err != nil {
		return err
	}
	lap(&t.result.ResolveTime)
	if err := t.writeSpans(ctx); err != nil {
		return err
	}
	lap(&t.result.SpansTime)
	if err := t.finish(ctx); err != nil {
		return err
	}
	lap(&t.result.CommitTime)
	return nil
}

func (t *transaction) writeContents(ctx context.Context) error {
	stored := make(map[content.Key]bool, len(t.batch.Contents))
	statements := []statement{
		{what: "begin", sql: t.w.sql.begin},
		{what: "begin", sql: t.w.sql.guard, params: [][]byte{[]byte(t.w.schema)}, oids: []uint32{pgtype.TextOID}},
	}
	if len(t.batch.Resources) > 0 {
		statements = append(statements, t.w.insertResources(t.batch.Resources))
	}
	statements = append(statements, t.w.askContents(t.batch.Contents, stored)...)
	if err := exec(ctx, t.pg, statements...); err != nil {
		return err
	}
	return t.storeContents(ctx, stored)
}

// group sorts the spans by trace, and the traces by id.
func (t *transaction) group() {
	spans := t.batch.Spans
	index := make(map[pcommon.TraceID]int32, len(spans))
	for i := range spans {
		at, ok := index[spans[i].TraceID]
		if !ok {
			at = int32(len(t.traces))
			index[spans[i].TraceID] = at
			t.traces = append(t.traces, trace{otel: spans[i].TraceID, id: spans[i].TraceID})
		}
		t.traces[at].rows = append(t.traces[at].rows, int32(i))
	}
	slices.SortFunc(t.traces, func(a, b trace) int { return bytes.Compare(a.otel[:], b.otel[:]) })
	t.rows = make([]spanRow, len(spans))
	t.dead = make([]bool, len(spans))
	for i := range t.traces {
		for _, r := range t.traces[i].rows {
			t.rows[r].Span = &spans[r]
		}
	}
}

// resolve finds or creates the row of every trace and works out what counts.
func (t *transaction) resolve(ctx context.Context, known func(pcommon.TraceID) bool) error {
	var old, young []int32
	for i := range t.traces {
		if t.careful || known(t.traces[i].otel) {
			old = append(old, int32(i))
		} else {
			young = append(young, int32(i))
		}
	}
	for range 3 {
		there, err := t.create(ctx, young)
		if err != nil {
			return err
		}
		old = append(old, there...)
		slices.Sort(old)
		young, err = t.lock(ctx, old)
		if err != nil {
			return err
		}
		if len(young) == 0 {
			return t.countStored(ctx, t.storedTraces())
		}
		old = nil // a trace thought to be there was not: erased, or never committed
	}
	return errTraceLost
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

// create inserts the rows of traces as if none were there, and returns those
// that were.
func (t *transaction) create(ctx context.Context, traces []int32) (there []int32, err error) {
	if len(traces) == 0 {
		return nil, nil
	}
	if err := t.countNew(ctx, traces); err != nil {
		return nil, err
	}
	rows := make([]traceRow, len(traces))
	for i, at := range traces {
		tr := &t.traces[at]
		rows[i] = traceRow{tr.id, tr.otel, &tr.rollup}
	}
	created := make(map[string]bool, len(traces))
	err = exec(ctx, t.pg, statement{
		what: "create traces", sql: t.w.sql.insertTraces.sql, params: t.w.sql.insertTraces.params(rows), oids: t.w.sql.insertTraces.oids,
		row: func(v [][]byte) error { created[string(v[0])] = true; return nil },
	})
	if err != nil {
		return nil, err
	}
	t.result.TracesCreated += len(created)
	if len(created) == len(traces) {
		return nil, nil
	}
	for _, at := range traces {
		if !created[t.traces[at].otel.String()] {
			there = append(there, at)
			t.dropChanges(t.traces[at].id)
		}
	}
	return there, nil
}

// lock reads and locks the rows of traces, and returns those that have none.
func (t *transaction) lock(ctx context.Context, traces []int32) (missing []int32, err error) {
	if len(traces) == 0 {
		return nil, nil
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
	for _, at := range traces {
		if t.traces[at].stored == nil {
			missing = append(missing, at)
		}
	}
	return missing, nil
}

func (t *transaction) writeSpans(ctx context.Context) error {
	rows := t.rows
	if t.result.SpansDuplicate > 0 {
		rows = make([]spanRow, 0, len(t.rows))
		for i := range t.rows {
			if !t.dead[i] {
				rows = append(rows, t.rows[i])
			}
		}
	}
	t.result.SpansWritten = len(rows)
	if len(rows) == 0 {
		return nil
	}
	var err error
	if t.buf, err = copyRows(ctx, t.pg, t.w.sql.copySpans, spanColumns, rows, t.buf); err != nil {
		return fmt.Errorf("store spans: %w", err)
	}
	return nil
}

// finish applies the changes to rows that were there before, and commits.
func (t *transaction) finish(ctx context.Context) error {
	var s []statement
	s = appendRows(s, "update spans", &t.w.sql.updateSpans, t.flags, t.bounds()...)
	s = appendRows(s, "settle awaited spans", &t.w.sql.awaitedDelete, t.arrived)
	s = appendRows(s, "await spans", &t.w.sql.awaitedUpsert, t.awaits)
	s = appendRows(s, "link calls", &t.w.sql.insertEdges, t.edges)
	s = appendRows(s, "settle calls", &t.w.sql.settleEdges, t.settled)
	s = appendRows(s, "update traces", &t.w.sql.updateTraces, t.changedTraces())
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
		if s := t.traces[i].stored; s != nil {
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
