package write

import (
	"bytes"
	"context"
	"math"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
	"github.com/llm-observatory/llmobservatoryexporter/internal/trace"
	"github.com/llm-observatory/llmobservatoryexporter/internal/words"
)

// Words of spans that log records bring. A record's words and the span may come in any
// order and in batches of any collector; the batch that brings the later of them gives the
// words to the span. Batches of words lock the rows of their traces as batches of spans
// do, so one of two sees what the other brings. Where a trace has no row yet, a batch of
// words creates one and deletes it at its end: a batch that creates the trace waits.

// longestCall bounds how long before a record its call may have begun, µs.
const longestCall = mapping.MicrosPerDay

// spanKey names a span of a trace.
type spanKey struct {
	trace pcommon.TraceID
	span  pcommon.SpanID
}

// wordSharing gives words of log records to the spans that the batch or its records bring.
type wordSharing struct {
	tx     *transaction
	worded map[pcommon.TraceID]bool // traces that have some

	records map[content.ID]*store.WordsRow // with words, by their ids
	// Candidates by the key of the span that records name.
	named map[spanKey]*words.Span  // that span
	told  map[spanKey][]words.Span // calls that records tell, which name that span
	below map[spanKey][]words.Span
	bound []store.BoundWords

	// What changes.
	spans  []store.SpanWords     // that stored spans get
	joined []store.ContentRow    // that contents of records become together
	copied []store.CopiedContent // contents that those spans refer to on another day
	former []store.FormerWords   // that those spans had before
}

// shareWords is the step that does so.
func (t *transaction) shareWords(ctx context.Context) error { return t.words.share(ctx) }

func (w *wordSharing) share(ctx context.Context) error {
	if err := w.listKept(ctx); err != nil {
		return err
	}
	refs, own := w.refs()
	if len(refs)+len(own) == 0 {
		return nil
	}
	w.records = map[content.ID]*store.WordsRow{}
	w.named, w.told, w.below = map[spanKey]*words.Span{}, map[spanKey][]words.Span{}, map[spanKey][]words.Span{}
	if err := w.find(ctx, own, refs); err != nil || len(w.records) == 0 {
		return err
	}
	if err := w.findCandidates(ctx); err != nil {
		return err
	}
	affected := w.bind()
	if len(affected) == 0 {
		return nil
	}
	return w.assemble(ctx, affected)
}

// look finds out of which traces of its spans log records have words. It is for a
// time when the rows of all traces are locked.
func (w *wordSharing) look(ctx context.Context) error {
	w.worded = map[pcommon.TraceID]bool{}
	ids := make([]pcommon.TraceID, 0, len(w.tx.traces))
	for i := range w.tx.traces {
		if len(w.tx.traces[i].rows) > 0 {
			ids = append(ids, w.tx.traces[i].otel)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return w.tx.conn.Exec(ctx, w.tx.store.TracesWithWords(ids, func(id pcommon.TraceID) { w.worded[id] = true }))
}

// keptBy reports whether a record keeps the words that it has of the span that it names: nothing
// is stored of its trace, and the batch brings no spans of it that may have them.
func (w *wordSharing) keptBy(e *mapping.Event) bool {
	tr := w.tx.traceOf(e.Words.Trace)
	return !w.tx.careful && trace.KeepsWords(e.CallKeys) && tr != nil && tr.stored == nil && len(tr.rows) > 0 && !w.tx.listsKept(tr) && w.eventsOnly(tr)
}

// eventsOnly reports whether the batch brings calls that records tell of a trace and nothing else.
func (w *wordSharing) eventsOnly(tr *traceSpans) bool {
	return !slices.ContainsFunc(tr.rows, func(r int32) bool { return w.tx.rows[r].Event == nil })
}

// listKept gives the words that records of earlier batches keep rows of their own: in traces of
// which the batch brings spans or words of calls that other records tell, or that are about to be too large to be
// read whole, or that calls leave.
func (w *wordSharing) listKept(ctx context.Context) error {
	worded := map[pcommon.TraceID]bool{}
	for i := range w.tx.batch.Events {
		if told := w.tx.batch.Events[i].Words; told != nil && isOfAnother(told) {
			worded[told.Trace] = true
		}
	}
	var traces []pcommon.TraceID
	for i := range w.tx.traces {
		tr := &w.tx.traces[i]
		if tr.stored == nil || !tr.stored.Evented() {
			continue
		}
		wanted := !w.eventsOnly(tr) || worded[tr.otel]
		if tr.stored.Spans <= trace.MostKept && wanted || w.tx.listsKept(tr) || len(tr.leaving) > 0 {
			traces = append(traces, tr.otel)
		}
	}
	var rows []store.WordsRow
	if err := w.tx.store.KeptWords(ctx, w.tx.conn, traces, func(row store.WordsRow) { rows = append(rows, row) }); err != nil || len(rows) == 0 {
		return err
	}
	for i := range rows {
		w.worded[rows[i].Trace] = true
	}
	slices.SortFunc(rows, func(a, b store.WordsRow) int { return bytes.Compare(a.Record[:], b.Record[:]) })
	return w.tx.conn.Exec(ctx, w.tx.store.InsertWords(nil, rows, func(content.ID) {})...)
}

// isOfAnother reports whether words are of a call that the record names and does not tell itself.
func isOfAnother(w *mapping.Words) bool { return w.NamesCall && !w.TellsCall }

// refs returns what to ask for: the words that the batch brings itself, and those
// that may be of its spans. Of traces without such words nothing is asked.
func (w *wordSharing) refs() (refs []store.WordsRef, own []store.WordsRow) {
	named := map[spanKey]bool{} // by the batch's words of calls that other records may tell
	for i := range w.tx.batch.Events {
		e := &w.tx.batch.Events[i]
		if e.Words == nil || w.keptBy(e) {
			continue
		}
		own = append(own, store.WordsRow{Words: *e.Words, Scope: e.ScopeName})
		if w.tx.careful { // the record may be there, and a span have its words
			refs = append(refs, store.WordsRef{Trace: e.Words.Trace, Day: e.Words.Day, Record: e.Words.Record})
		}
		if key := (spanKey{e.Words.Trace, e.Words.Named}); isOfAnother(e.Words) && !named[key] {
			named[key] = true
			if tr := w.tx.traceOf(key.trace); tr != nil && tr.stored != nil && tr.stored.Evented() {
				refs = append(refs, ofNamed(key))
			}
		}
	}
	for i := range w.tx.traces {
		tr := &w.tx.traces[i]
		if !w.worded[tr.otel] {
			continue
		}
		for _, r := range tr.rows {
			if s := w.tx.rows[r].Span; !w.tx.duplicates.Spans[r] {
				refs = append(refs, refsOf(tr.otel, s)...)
			}
		}
	}
	return refs, own
}

// ofNamed asks for the words of all records that name a span.
func ofNamed(key spanKey) store.WordsRef {
	return store.WordsRef{Trace: key.trace, ByName: true, Named: key.span, Since: math.MinInt64, Until: math.MaxInt64}
}

// namedBy returns the span of the trace that the record of a call names as the call; false for none.
func namedBy(s *mapping.Span) (pcommon.SpanID, bool) {
	if s.Event == nil || s.Kind == mapping.KindAgent {
		return pcommon.SpanID{}, false
	}
	return s.Event.Call, !s.Event.Call.IsEmpty()
}

// refsOf asks for the words that may be of a span.
func refsOf(otel pcommon.TraceID, s *mapping.Span) []store.WordsRef {
	refs := []store.WordsRef{ofNamed(spanKey{otel, s.SpanID})}
	if named, ok := namedBy(s); ok {
		refs = append(refs, ofNamed(spanKey{otel, named}))
	}
	if !s.Kind.IsModel() {
		return refs
	}
	if !s.ParentSpanID.IsEmpty() {
		refs = append(refs, store.WordsRef{Trace: otel, ByName: true, Named: s.ParentSpanID, Since: (s.Start - words.Slack) * 1000, Until: (s.End + words.Slack) * 1000})
	}
	if s.ResponseID != "" {
		refs = append(refs, store.WordsRef{Trace: otel, ID: s.ResponseID})
	}
	return refs
}

// find stores the batch's own words and reads those of refs, stored ones among them.
func (w *wordSharing) find(ctx context.Context, own []store.WordsRow, refs []store.WordsRef) error {
	slices.SortFunc(own, func(a, b store.WordsRow) int { return bytes.Compare(a.Record[:], b.Record[:]) })
	var s []pgbatch.Statement
	if w.tx.careful {
		for i := range own {
			w.tx.duplicates.Words[own[i].Record] = true
		}
		s = w.tx.store.InsertWords(s, own, func(record content.ID) { delete(w.tx.duplicates.Words, record) })
	} else if err := w.tx.store.CopyWords(ctx, w.tx.conn, own); err != nil { // their records are new
		return err
	}
	s = w.tx.store.FindWords(s, refs, func(row store.WordsRow) { w.records[row.Record] = &row })
	if err := w.tx.conn.Exec(ctx, s...); err != nil || w.tx.careful {
		return err
	}
	for i := range own {
		own[i].Input, own[i].Output = orNil(own[i].Input), orNil(own[i].Output)
		w.records[own[i].Record] = &own[i]
	}
	return nil
}

// findCandidates finds the spans that may have the words: the batch has all spans of the
// traces that it creates, the others are read.
func (w *wordSharing) findCandidates(ctx context.Context) error {
	var refs []store.SpansRef
	keys := []spanKey{}
	within := store.Range{From: math.MaxInt64, To: math.MinInt64}
	index := map[spanKey]int{}
	for _, row := range w.records {
		key, at := spanKey{row.Trace, row.Named}, row.At/1000
		n, ok := index[key]
		if !ok {
			n = len(refs)
			index[key] = n
			keys = append(keys, key)
			refs = append(refs, store.SpansRef{N: int32(n), Trace: w.tx.rowID(row.Trace), Named: row.Named, Range: store.Range{From: at, To: at}})
		}
		r := &refs[n]
		r.From, r.To = min(r.From, at), max(r.To, at)
		r.Below = r.Below || !row.Exact && !row.Tool
		within.From, within.To = min(within.From, at), max(within.To, at)
		if row.ID != "" && r.Below {
			keys = append(keys, key)
			refs = append(refs, store.SpansRef{N: int32(len(refs)), Trace: r.Trace, Named: row.Named, Below: true, Range: store.Range{From: at, To: at}, ID: row.ID})
		}
	}
	seen := map[spanKey]map[pcommon.SpanID]bool{}
	isNew := func(key spanKey, id pcommon.SpanID) bool {
		if seen[key] == nil {
			seen[key] = map[pcommon.SpanID]bool{}
		}
		had := seen[key][id]
		seen[key][id] = true
		return !had
	}
	wanted := w.ofOthers()
	w.toldByBatch(wanted, isNew)
	for _, row := range w.toldBefore(wanted, isNew) {
		keys = append(keys, spanKey{row.Trace, row.Named})
		refs = append(refs, store.SpansRef{
			N: int32(len(refs)), Trace: w.tx.rowID(row.Trace), Named: recordedCall(row), Range: store.Range{From: row.At / 1000, To: row.At / 1000},
		})
	}
	asked := make([]pcommon.SpanID, len(refs))
	for i := range refs {
		asked[i] = refs[i].Named
		refs[i].From, refs[i].To = refs[i].From-words.Slack, refs[i].To+words.Slack
	}
	within.From, within.To = within.From-longestCall, within.To+words.Slack
	found := func(n int32, s words.Span) {
		key := keys[n]
		switch {
		case s.ID == key.span:
			w.named[key] = &s
		case s.ID == asked[n]:
			w.told[key] = append(w.told[key], s)
		case isNew(key, s.ID):
			w.below[key] = append(w.below[key], s)
		}
	}
	stored := refs[:0]
	for i := range refs {
		if tr := w.tx.traceOf(keys[refs[i].N].trace); tr != nil && w.tx.hasAllOf(tr) {
			w.spansOf(tr, &refs[i], within, found)
		} else {
			stored = append(stored, refs[i])
		}
	}
	return w.tx.conn.Exec(ctx, w.tx.store.FindSpansOfWords(nil, stored, within, found)...)
}

// ofOthers returns the spans of which records have words that do not tell the call.
func (w *wordSharing) ofOthers() map[spanKey]bool {
	others := map[spanKey]bool{}
	for _, row := range w.records {
		if isOfAnother(&row.Words) {
			others[spanKey{row.Trace, row.Named}] = true
		}
	}
	return others
}

// toldByBatch finds the calls that records of the batch tell and that name one of the spans.
func (w *wordSharing) toldByBatch(spans map[spanKey]bool, isNew func(spanKey, pcommon.SpanID) bool) {
	for i := range w.tx.traces {
		for _, r := range w.tx.traces[i].rows {
			s := w.tx.rows[r].Span
			named, _ := namedBy(s)
			if key := (spanKey{w.tx.traces[i].otel, named}); spans[key] && !w.tx.duplicates.Spans[r] && isNew(key, s.SpanID) {
				w.told[key] = append(w.told[key], wordsSpan(s))
			}
		}
	}
}

// toldBefore lists the words of records that tell calls which name one of the spans, and that the batch does not bring.
func (w *wordSharing) toldBefore(spans map[spanKey]bool, isNew func(spanKey, pcommon.SpanID) bool) (rows []*store.WordsRow) {
	for _, row := range w.records {
		if key := (spanKey{row.Trace, row.Named}); spans[key] && row.TellsCall && row.NamesCall && isNew(key, recordedCall(row)) {
			rows = append(rows, row)
		}
	}
	return rows
}

// recordedCall returns the span id of the call that a record tells.
func recordedCall(row *store.WordsRow) pcommon.SpanID { return pcommon.SpanID(row.Record[:8]) }

// traceOf returns a trace of the batch; nil if the batch has nothing of it.
func (t *transaction) traceOf(otel pcommon.TraceID) *traceSpans {
	at, ok := slices.BinarySearchFunc(t.traces, otel, func(tr traceSpans, id pcommon.TraceID) int { return bytes.Compare(tr.otel[:], id[:]) })
	if !ok {
		return nil
	}
	return &t.traces[at]
}

// hasAllOf reports whether no span of a trace is stored but those of the batch.
func (t *transaction) hasAllOf(tr *traceSpans) bool {
	return tr.stored == nil && len(tr.rows) > 0 && (t.pairing == nil || len(t.pairing.prompts[tr.otel]) == 0)
}

// spansOf is words_spans.sql over the spans that the batch has of a trace.
func (w *wordSharing) spansOf(tr *traceSpans, ref *store.SpansRef, within store.Range, found func(n int32, s words.Span)) {
	if ref.Named.IsEmpty() && ref.ID == "" {
		return
	}
	below := ref.Below
	for _, r := range tr.rows {
		if s := w.tx.rows[r].Span; !w.tx.duplicates.Spans[r] && s.SpanID == ref.Named && within.Has(s.Start) {
			below = below && !s.Kind.IsModel()
			found(ref.N, wordsSpan(s))
		}
	}
	if !below {
		return
	}
	for _, r := range tr.rows {
		s := w.tx.rows[r].Span
		if w.tx.duplicates.Spans[r] || !s.Kind.IsModel() || s.SpanID == ref.Named || !within.Has(s.Start) {
			continue
		}
		if !ref.Named.IsEmpty() && s.ParentSpanID == ref.Named && s.Start <= ref.To && s.End >= ref.From || ref.ID != "" && s.ResponseID == ref.ID {
			found(ref.N, wordsSpan(s))
		}
	}
}

// wordsSpan is a span of the batch as a candidate.
func wordsSpan(s *mapping.Span) words.Span {
	c := words.Span{
		ID: s.SpanID, Parent: s.ParentSpanID, Start: s.Start, End: s.End, Kind: s.Kind, Event: s.Event != nil, Failed: trace.Of(s).Failed,
		Scope: s.ScopeName, ResponseID: s.ResponseID, User: s.UserID, Session: s.SessionID,
		Words: words.Words{
			Input: orNil(s.InputMessageIDs), Output: orNil(s.OutputMessageIDs), System: s.SystemInstructionsID, Tools: s.ToolDefinitionsID,
			ToolArguments: s.ToolArgumentsID, ToolResult: s.ToolResultID, FinishReasons: orNil(s.FinishReasons),
		},
	}
	c.Models = modelsOf(s)
	c.Own = c.Words.Sides()
	return c
}

// modelsOf lists the models that a call names.
func modelsOf(s *mapping.Span) (models []string) {
	for _, model := range []string{s.RequestModel, s.ResponseModel} {
		if model != "" {
			models = append(models, model)
		}
	}
	return models
}

// orNil is list as it is read from storage: nil for an empty one.
func orNil[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return list
}

// rowID returns llm_traces.id of a trace of the batch.
func (t *transaction) rowID(otel pcommon.TraceID) [16]byte {
	if tr := t.traceOf(otel); tr != nil {
		return tr.id
	}
	return otel
}
