package write

import (
	"context"
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
	moreThanPrompts bool  // the batch brings it calls, tools or other spans
	words           bool  // records bring words of its spans
	moving          []int // stored events that come to it, in pairing.changes.Moving
	leaving         []store.EventRef
	events          []trace.EventPair
}

// transaction is one attempt to write a batch. The queue's consumer runs its steps. ahead runs one function beside some of
// them, and until ahead.Wait these are that function's:
//   - beginAhead, from the first step until pairSignals or the first traces are locked: FoundByCall and CallKeys of
//     batch.Events, and pairing. Where nothing pairs, it counts traces that are taken for new, and has counting, duplicates.Spans,
//     result.Crowded, flags and traces of rows, and row of these traces.
//   - settlePairs, while records are stored: all of these, traces, and what settle sets of batch.Spans.
//
// Of a batch that is alone, MappedContents stores the contents with a transaction of its own (mapped.go): stage uses its
// contents and result, while MappedContents.store uses conn. What both have found is goOn's to take once done is closed.
type transaction struct {
	options
	storing
	w       *Writer
	store   *store.Store // w's
	conn    *pgbatch.Conn
	batch   *mapping.Batch
	flight  *flight
	shared  map[pcommon.TraceID]bool // traces that other batches in flight have
	copyNew bool                     // unknown traces are taken for new, and new ones copied unasked

	foundUnknownTrace bool // a trace was there that no cache knew
	pairsAgain        bool // a trace was there that was taken for new when the batch began to pair

	traces []traceSpans
	rows   []store.SpanRow
	filled filledColumns

	duplicates seen.Duplicates // what is stored already; its spans are numbered as rows

	untraced       bool     // events that name a session and no trace tell calls of about that time, of any program
	withoutContext bool     // events without context tell calls of about that time
	pairing        *pairing // nil: nothing of the batch may be observed in both signals
	ahead          panics.Group
	counting       counting

	words  wordSharing
	empty  []pcommon.TraceID // traces whose rows the batch creates and deletes
	result Result
}

// storing is what the beginning of the transaction finds out for contents.
type storing struct {
	durable  bool // the commit will survive a crash
	noting   bool // owners of contents are noted
	proof    seen.Proof
	contents *seen.Reservation
}

func newStoring() storing { return storing{proof: seen.Proof{Files: map[int32]string{}}} }

// counting is what counts traces, and what comes of it for rows that others have stored.
type counting struct {
	planner trace.Planner
	one     trace.Trace   // a new trace while it is counted
	spans   []trace.Span  // its spans
	changes store.Changes // of rows stored earlier
	hours   []int64       // times in hours whose usage changes because of other spans
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

func (t *transaction) run(ctx context.Context, groups []group) error {
	stored := false // an error and a panic end the steps
	defer func() {
		if t.mapped != nil {
			if <-t.mapped.done; t.contents == nil && t.mapped.begun != nil {
				t.contents = t.mapped.begun.contents
			}
		}
		t.ahead.End()
		t.filled.end()
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
	for i := range t.rows {
		t.rows[i].Span = &t.batch.Spans[i]
	}
	t.duplicates = seen.Duplicates{Spans: make([]bool, len(t.rows)), Records: map[content.ID]bool{}, Words: map[content.ID]bool{}, Scores: map[content.ID]bool{}}
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

// countAhead counts the traces that are taken for new, and then has the columns found that the batch fills. That passes while
// Postgres stores contents, or the records of a batch that pairs, and the columns also while it stores new traces. Both at
// once would keep two cores from Postgres and from who waits for its first answer.
func (t *transaction) countAhead() {
	for i := range t.traces {
		if tr := &t.traces[i]; len(tr.rows) > 0 && t.isAbsent(tr.otel) && t.countsAlone(tr) {
			t.countNew(int32(i))
		}
	}
	t.filled.findAhead(t.rows)
}

// countsAlone reports whether nothing is stored of a trace that the batch creates.
func (t *transaction) countsAlone(tr *traceSpans) bool {
	return t.pairing == nil || t.listed(tr) && len(t.pairing.prompts[tr.otel]) == 0
}

// filledColumns are the columns that a batch fills. They may be found beside the steps that ask Postgres.
type filledColumns struct {
	finding panics.Group
	columns store.SpanColumns // finding's until wait; nil: not found
}

func (f *filledColumns) findAhead(rows []store.SpanRow) {
	f.finding.Go(func() { f.columns = store.FilledColumns(rows) })
}

// of returns the columns that were found ahead, of more rows maybe, or else those of rows.
func (f *filledColumns) of(rows []store.SpanRow) store.SpanColumns {
	if f.wait(); f.columns == nil {
		f.columns = store.FilledColumns(rows)
	}
	return f.columns
}

// wait returns when the rows are no more read.
func (f *filledColumns) wait() { f.finding.Wait() }

func (f *filledColumns) forget() {
	f.wait()
	f.columns = nil
}

// end is wait for where nothing is done with the columns.
func (f *filledColumns) end() { f.finding.End() }

// storeSpans stores the batch's spans, duplicates apart, in the order of trace ids,
// as the index has it.
func (t *transaction) storeSpans(ctx context.Context) error {
	rows := make([]store.SpanRow, 0, len(t.rows))
	for i := range t.traces {
		for _, r := range t.traces[i].rows {
			if !t.duplicates.Spans[r] {
				rows = append(rows, t.rows[r])
			}
		}
	}
	t.result.SpansWritten, t.result.SpansDuplicate = len(rows), len(t.rows)-len(rows)
	return t.store.CopySpans(ctx, t.conn, t.filled.of(rows), rows)
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
	s = t.store.Change(s, &t.counting.changes, t.bounds())
	s = t.store.CopyToDay(s, t.words.copied)
	s = t.store.UnstoreContents(s, t.contents.Unreferenced(t.batch, &t.duplicates), t.contents.Removed)
	s = t.noteOwners(s)
	s = t.store.UpdateSpanWords(s, t.words.spans)
	s = t.store.InsertFormerWords(s, t.words.former)
	if t.pairing != nil {
		if err := t.pairing.listKept(ctx); err != nil {
			return err
		}
		if err := t.pairing.listUnread(ctx); err != nil {
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
	if t.pairing != nil && !t.pairsExclusively {
		return t.pairing.commitPairs(ctx, s)
	}
	return t.conn.Commit(ctx, s...)
}

// changedTraces returns the rows of the traces whose row was stored before and changes, whether spans or
// only what pairing says of the trace changed it.
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
		if slices.ContainsFunc(t.traces[i].rows, func(r int32) bool { return !t.duplicates.Spans[r] && t.rows[r].LacksModel() }) {
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
		if !t.duplicates.Spans[r] {
			times = append(times, t.rows[r].Start)
		}
	}
	for i := range t.counting.changes.Flags {
		times = append(times, t.counting.changes.Flags[i].Start)
	}
	return append(times, t.counting.hours...)
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
	for i := range t.counting.changes.Flags {
		within.From, within.To = min(within.From, t.counting.changes.Flags[i].Start), max(within.To, t.counting.changes.Flags[i].Start)
	}
	return within
}
