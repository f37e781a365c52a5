package write

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/panics"
	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/seen"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
	"github.com/llm-observatory/llmobservatoryexporter/internal/trace"
)

// traceSpans is what a batch brings of one trace.
type traceSpans struct {
	otel pcommon.TraceID
	id   [16]byte // llm_traces.id
	rows []int32  // its spans in transaction.rows
	// stored is the row as it was before; nil for a trace this batch creates.
	stored *trace.Rollup
	row    *trace.Rollup // as it is to be; nil if nothing changes

	// What pairing says of it, see pairing.
	calls   bool  // the batch brings it more than prompts
	words   bool  // records bring words of its spans
	moving  []int // stored events that come to it, in pairing.changes.Moving
	leaving []store.EventRef
	events  []trace.EventPair
}

// transaction is one attempt to write a batch. One goroutine uses it.
type transaction struct {
	w       *Writer
	store   *store.Store // w's
	conn    *pgbatch.Conn
	batch   *mapping.Batch
	mapped  *MappedContents          // began the transaction while the batch was mapped; nil: nobody did
	unknown map[pcommon.TraceID]bool // traces that no cache knows
	flight  *flight
	shared  map[pcommon.TraceID]bool // traces that other batches in flight have
	careful bool                     // nothing is left to chance: what may be there is inserted, not copied
	copyNew bool                     // unknown traces are taken for new, and new ones copied unasked
	met     bool                     // a trace was there that no cache knew
	again   bool                     // a trace was there that was taken for new when the batch began to pair
	dryRun  bool                     // rolled back where it would be committed
	alone   bool                     // no other batch pairs meanwhile

	// Contents.
	durable  bool // the commit will survive a crash
	noting   bool // owners of contents are noted
	proof    seen.Proof
	contents *seen.Reservation

	// Traces and spans.
	traces []traceSpans
	rows   []store.SpanRow
	dead   []bool            // by row: a duplicate
	filled store.SpanColumns // of rows

	duplicates seen.Duplicates // what is stored already; its spans are dead

	untraced       bool     // events that name a session and no trace tell calls of about that time, of any program
	withoutContext bool     // events that name neither a trace nor a session tell calls of about that time
	pairing        *pairing // nil: nothing of the batch may be observed in both signals
	planner        trace.Planner
	counting       trace.Trace  // a new trace while it is counted
	counted        []trace.Span // its spans
	// ahead and filling run beside the step that asks Postgres. Until ahead.Wait, what ahead runs owns pairing, planner,
	// counting, counted, changes, hours, keys of batch.Events and row of traces; until filling.Wait, fillAhead owns filled. Both read batch,
	// rows and flight, which nobody changes meanwhile.
	ahead   panics.Group
	filling panics.Group
	changes store.Changes // of rows stored earlier
	hours   []int64       // times in hours whose usage changes because of other spans

	words  wordSharing
	empty  []pcommon.TraceID // traces whose rows the batch creates and deletes
	result Result
}

// steps are what stores a batch, whatever its signal, in the order in which every batch
// takes its locks, each kind sorted: batches wait for one another, but never in a circle
// (docs/architecture.md). A step does nothing where the batch brings nothing for it.
var steps = []struct {
	do   func(*transaction, context.Context) error
	took func(*Result) *time.Duration
}{
	{(*transaction).storeContents, func(r *Result) *time.Duration { return &r.ContentsTime }},
	{(*transaction).pairSignals, func(r *Result) *time.Duration { return &r.ResolveTime }},
	{(*transaction).storeEvents, func(r *Result) *time.Duration { return &r.EventsTime }},
	{(*transaction).resolveTraces, func(r *Result) *time.Duration { return &r.ResolveTime }},
	{(*transaction).storeSpans, func(r *Result) *time.Duration { return &r.SpansTime }},
	{(*transaction).shareWords, func(r *Result) *time.Duration { return &r.SpansTime }},
	{(*transaction).finish, func(r *Result) *time.Duration { return &r.CommitTime }},
}

// transact stores a batch in one transaction, which mapped may have begun.
func (w *Writer) transact(ctx context.Context, b *mapping.Batch, mapped *MappedContents, unknown map[pcommon.TraceID]bool, careful, dryRun bool) (Result, error) {
	var result Result
	groups := groupByTrace(b)
	flight := w.inFlight.begin(groups)
	defer w.inFlight.end(flight)
	hold := func() (*pgbatch.Held, error) { return pgbatch.Hold(ctx, w.pool) }
	if mapped.isOpen() {
		hold = mapped.take
	} else {
		mapped = nil
	}
	held, err := hold()
	if err != nil {
		return result, err
	}
	err = held.Run(ctx, careful, func(c *pgbatch.Conn, careful bool) error {
		attempt := func(alone bool) error {
			t := &transaction{
				w: w, store: w.store, conn: c, batch: b, mapped: mapped, unknown: unknown, flight: flight, careful: careful, dryRun: dryRun, alone: alone,
				copyNew: !careful && w.newTraces.justified(),
				proof:   seen.Proof{Files: map[int32]string{}},
			}
			mapped = nil
			err := t.run(ctx, groups)
			if err == nil {
				result = t.result
				if t.pairing != nil && alone {
					w.apart.asked(false)
				}
			}
			return err
		}
		again := func(alone bool) error {
			if err := c.Exec(ctx, pgbatch.Statement{What: "start over", SQL: "ROLLBACK"}); err != nil {
				return err
			}
			return attempt(alone)
		}
		err := attempt(!w.apart.justified())
		if errors.Is(err, errBeganEarly) {
			err = again(!w.apart.justified())
		}
		if errors.Is(err, errShared) {
			w.apart.refuted()
			err = again(true)
		}
		if err != nil && !careful {
			w.optimism.refuted()
		}
		return err
	})
	return result, err
}

func (t *transaction) run(ctx context.Context, groups []group) error {
	stored := false // an error and a panic end the steps
	defer func() {
		if t.mapped != nil {
			if <-t.mapped.done; t.contents == nil && t.mapped.begun != nil {
				t.contents = t.mapped.begun.contents
			}
		}
		t.ahead.End()
		t.filling.End()
		if t.contents != nil {
			t.contents.End(stored && !t.dryRun, t.durable && t.result.SpansWritten+t.result.RecordsWritten > 0)
		}
	}()
	t.layOut(groups)
	t.words.tx = t
	t.shared = t.w.inFlight.sharedBy(t.flight)
	t.ahead.Go(t.beginAhead)
	for _, step := range steps {
		begin := time.Now()
		if err := step.do(t, ctx); err != nil {
			return err
		}
		*step.took(&t.result) += time.Since(begin)
	}
	stored = true
	t.result.ContentsReused, t.result.ContentsReusedBytes = t.contents.Reused, t.contents.ReusedBytes
	for i := range t.traces {
		if len(t.traces[i].rows) == 0 {
			continue
		}
		t.result.Traces = append(t.result.Traces, Trace{t.traces[i].otel, t.traces[i].id})
	}
	return nil
}

// layOut makes room for the rows of the batch's traces and spans.
func (t *transaction) layOut(groups []group) {
	t.traces = make([]traceSpans, len(groups))
	for i, g := range groups {
		t.traces[i] = traceSpans{otel: g.trace, id: g.trace, rows: g.spans}
	}
	t.rows = make([]store.SpanRow, len(t.batch.Spans))
	t.dead = make([]bool, len(t.rows))
	for i := range t.rows {
		t.rows[i].Span = &t.batch.Spans[i]
	}
	t.duplicates = seen.Duplicates{Spans: t.dead, Records: map[content.ID]bool{}, Words: map[content.ID]bool{}, Scores: map[content.ID]bool{}}
}

// beginAhead works out what it can while contents are stored.
func (t *transaction) beginAhead() {
	for i := range t.batch.Events { // pairing finds those again whose calls this batch brings
		t.batch.Events[i].FoundByCall = false
	}
	switch {
	case t.tellsBoth():
		t.beginPairing()
	case t.copyNew:
		t.countAhead()
	}
}

// fillAhead finds out which columns the batch fills.
func (t *transaction) fillAhead() { t.filled = store.FilledColumns(t.rows) }

// countAhead counts the traces that are taken for new, and then has fillAhead run. That passes while
// Postgres stores contents, or the records of a batch that pairs, and filling also while it stores new traces. Both at
// once would keep two cores from Postgres and from who waits for its first answer.
func (t *transaction) countAhead() {
	for i := range t.traces {
		if tr := &t.traces[i]; len(tr.rows) > 0 && t.isAbsent(tr.otel) && t.countsAlone(tr) {
			t.countNew(int32(i))
		}
	}
	t.filling.Go(t.fillAhead)
}

// countsAlone reports whether nothing is stored of a trace that the batch creates.
func (t *transaction) countsAlone(tr *traceSpans) bool {
	return t.pairing == nil || t.listed(tr) && len(t.pairing.prompts[tr.otel]) == 0
}

func (t *transaction) allTraces() []int32 {
	all := make([]int32, len(t.traces))
	for i := range all {
		all[i] = int32(i)
	}
	return all
}

// restarts bounds how often a batch begins anew to lock traces.
const restarts = 5

// storeSpans stores the batch's spans, duplicates apart, in the order of trace ids,
// as the index has it.
func (t *transaction) storeSpans(ctx context.Context) error {
	rows := make([]store.SpanRow, 0, len(t.rows))
	for i := range t.traces {
		for _, r := range t.traces[i].rows {
			if !t.dead[r] {
				rows = append(rows, t.rows[r])
			}
		}
	}
	t.result.SpansWritten, t.result.SpansDuplicate = len(rows), len(t.rows)-len(rows)
	if t.filling.Wait(); t.filled == nil {
		t.filled = store.FilledColumns(rows)
	}
	return t.store.CopySpans(ctx, t.conn, t.filled, rows)
}

// finish stores the resources, applies the changes to rows that were there before,
// and commits.
func (t *transaction) finish(ctx context.Context) error {
	s, err := t.storeScores(ctx)
	if err != nil {
		return err
	}
	if len(t.batch.Resources) > 0 {
		s = append(s, t.store.Resources(t.batch))
	}
	s = t.store.Change(s, &t.changes, t.bounds())
	s = t.store.CopyToDay(s, t.words.copied)
	s = t.store.UnstoreContents(s, t.contents.Unreferenced(t.batch, &t.duplicates), t.contents.Removed)
	s = t.noteOwners(s)
	s = t.store.UpdateSpanWords(s, t.words.spans)
	s = t.store.InsertFormerWords(s, t.words.former)
	if t.pairing != nil {
		if err := t.pairing.listKept(ctx); err != nil {
			return err
		}
		if err := t.store.CopyCandidates(ctx, t.conn, t.pairing.changes.Events); err != nil {
			return err
		}
		s = t.store.PairSignals(s, &t.pairing.changes)
	}
	s = t.store.UpdateTraces(s, t.changedTraces())
	s = t.store.ListTraces(s, t.unnamed())
	s = t.store.DeleteTraces(s, t.empty)
	s = t.store.TouchHours(s, t.changedTimes())
	if t.dryRun {
		return t.conn.Exec(ctx, append(s, pgbatch.Statement{What: "roll back", SQL: "ROLLBACK"})...)
	}
	if t.pairing != nil && !t.alone {
		return t.pairing.commitPairs(ctx, s)
	}
	return t.conn.Commit(ctx, s...)
}

// changedTraces returns the rows of the traces that were there before and got
// new spans.
func (t *transaction) changedTraces() []store.TraceRow {
	var rows []store.TraceRow
	for i := range t.traces {
		tr := &t.traces[i]
		if tr.stored != nil && tr.row != nil {
			rows = append(rows, store.TraceRow{ID: tr.id, TraceID: tr.otel, Rollup: tr.row})
		}
	}
	return rows
}

// unnamed returns the traces to which the batch brings calls that report tokens and name no model:
// what tells the model may be stored already, or come later.
func (t *transaction) unnamed() (ids [][16]byte) {
	for i := range t.traces {
		if slices.ContainsFunc(t.traces[i].rows, func(r int32) bool { return !t.dead[r] && t.rows[r].LacksModel() }) {
			ids = append(ids, t.traces[i].id)
		}
	}
	return ids
}

// changedTimes returns times in the hours whose usage this batch changes: those of the
// spans that it stores, that count otherwise than before, or that get something from others.
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
	return append(times, t.hours...)
}

// bounds returns the first and last time of the stored traces of this batch, and of their
// spans that change: all the stored spans that are looked for lie between.
func (t *transaction) bounds() store.Range {
	within := store.Range{From: math.MaxInt64, To: math.MinInt64}
	for i := range t.traces {
		if s := t.traces[i].stored; s != nil && s.Current() {
			within.From, within.To = min(within.From, s.Start), max(within.To, s.End)
		}
	}
	for i := range t.changes.Flags {
		within.From, within.To = min(within.From, t.changes.Flags[i].Start), max(within.To, t.changes.Flags[i].Start)
	}
	return within
}
