package write

import (
	"context"
	"math"
	"reflect"
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
	"github.com/llm-observatory/llmobservatoryexporter/internal/words"
)

// bind notes which span has the words of each record, and returns the spans whose
// words change: those that get or lose a record's.
func (w *wordSharing) bind() map[spanKey]bool {
	affected := map[spanKey]bool{}
	for _, row := range w.records {
		key := spanKey{row.Trace, row.Named}
		span, _ := words.Bind(&row.Words, row.Scope, w.named[key], w.told[key], w.below[key])
		if span == row.Of {
			continue
		}
		for _, id := range []pcommon.SpanID{span, row.Of} {
			if !id.IsEmpty() {
				affected[spanKey{row.Trace, id}] = true
			}
		}
		row.Of = span
		w.bound = append(w.bound, store.BoundWords{Day: row.Day, Record: row.Record, Of: span})
	}
	bound := make(map[spanKey]bool, len(w.records))
	for _, row := range w.records {
		bound[spanKey{row.Trace, row.Of}] = true
	}
	for i := range w.tx.traces { // words that were bound before the span went and came again
		tr := &w.tx.traces[i]
		for _, r := range tr.rows {
			if key := (spanKey{tr.otel, w.tx.rows[r].SpanID}); !w.tx.duplicates.Spans[r] && bound[key] {
				affected[key] = true
			}
		}
	}
	return affected
}

// assemble reads all words of the affected spans, and plans the changes to these.
func (w *wordSharing) assemble(ctx context.Context, affected map[spanKey]bool) error {
	var refs []store.WordsRef
	var spanRefs []store.SpansRef
	var keys []spanKey
	for key := range affected {
		spanRefs = append(spanRefs, store.SpansRef{N: int32(len(keys)), Trace: w.tx.rowID(key.trace), Named: key.span})
		keys = append(keys, key)
		refs = append(refs, store.WordsRef{Trace: key.trace, Of: key.span})
	}
	of, at := map[spanKey][]mapping.Words{}, store.Range{From: math.MaxInt64, To: math.MinInt64}
	for _, row := range w.records {
		at.From, at.To = min(at.From, row.At/1000), max(at.To, row.At/1000)
	}
	at.From, at.To = at.From-longestCall, at.To+longestCall
	spans := map[spanKey]words.Span{}
	s := w.tx.store.BindWords(nil, w.bound)
	s = w.tx.store.FindWords(s, refs, func(row store.WordsRow) {
		key := spanKey{row.Trace, row.Of}
		of[key] = append(of[key], row.Words)
	})
	s = w.tx.store.FindSpansOfWords(s, spanRefs, at, func(n int32, s words.Span) { spans[keys[n]] = s })
	if err := w.tx.conn.Exec(ctx, s...); err != nil {
		return err
	}
	for key, span := range spans {
		if err := w.change(ctx, key, &span, of[key]); err != nil {
			return err
		}
	}
	if _, err := w.tx.store.InsertContents(ctx, w.tx.conn, store.SortContents(w.joined)); err != nil {
		return err
	}
	slices.SortFunc(w.spans, func(a, b store.SpanWords) int {
		return slices.Compare(slices.Concat(a.Trace[:], a.Span[:]), slices.Concat(b.Trace[:], b.Span[:]))
	})
	return nil
}

// change plans what changes of the words of a span.
func (w *wordSharing) change(ctx context.Context, key spanKey, span *words.Span, records []mapping.Words) error {
	told := words.Assemble(records)
	day, owner := int32(span.Start/mapping.MicrosPerDay), mapping.OwnerOfSpan(span.User, span.Session, key.trace, span.Event)
	if told.Blocks != nil && span.Own&words.Output == 0 {
		if err := w.joinBlocks(ctx, day, owner, &told); err != nil {
			return err
		}
	}
	if told.Instructions != nil && span.Own&words.System == 0 {
		if err := w.joinInstructions(ctx, day, owner, &told); err != nil {
			return err
		}
	}
	from := told.Sides() &^ span.Own
	replace := from | span.FromRecords
	if from == span.FromRecords && reflect.DeepEqual(told.Only(from), span.Words.Only(from)) {
		return nil
	}
	had, has := span.Words.Only(span.FromRecords), told.Only(from)
	w.spans = append(w.spans, store.SpanWords{
		Trace: w.tx.rowID(key.trace), Span: key.span, Start: span.Start, Words: has, Sides: replace, FromRecords: from, Owner: owner,
	})
	after := map[content.ID]bool{} // of long histories, many
	for _, id := range has.ContentIDs() {
		after[id] = true
	}
	for i := range records {
		if records[i].Day == day {
			continue
		}
		for _, id := range records[i].ContentIDs() {
			if after[id] {
				w.copied = append(w.copied, store.CopiedContent{Key: content.Key{Day: records[i].Day, ID: id}, To: day, Owner: owner})
			}
		}
	}
	for _, id := range had.ContentIDs() {
		if !after[id] {
			w.former = append(w.former, store.FormerWords{Trace: w.tx.rowID(key.trace), Span: key.span, Start: span.Start, ID: id})
		}
	}
	return nil
}

// joinBlocks makes one answer of the blocks of one.
func (w *wordSharing) joinBlocks(ctx context.Context, day int32, owner content.Owner, told *words.Words) error {
	as := content.Join
	if told.Chunks {
		as = content.JoinChunks
	}
	id, err := w.join(ctx, day, owner, told.Blocks, as)
	if id != (content.ID{}) {
		told.Output = []content.ID{id}
	}
	return err
}

// joinInstructions makes one content of the system's messages.
func (w *wordSharing) joinInstructions(ctx context.Context, day int32, owner content.Owner, told *words.Words) error {
	id, err := w.join(ctx, day, owner, told.Instructions, content.JoinParts)
	if id != (content.ID{}) {
		told.System = id
	}
	return err
}

// join returns the id of what stored contents become together; the zero id if that is nothing.
func (w *wordSharing) join(ctx context.Context, day int32, owner content.Owner, parts []content.Key, as func([][]byte) []byte) (content.ID, error) {
	bodies, err := w.tx.store.Bodies(ctx, w.tx.conn, parts)
	if err != nil {
		return content.ID{}, err
	}
	body := as(bodies)
	if body == nil {
		return content.ID{}, nil
	}
	row := store.ContentRow{Key: content.Key{Day: day, ID: content.Of(body)}, Body: body, Owner: owner}
	w.joined = append(w.joined, row)
	return row.ID, nil
}
