package write

import (
	"context"
	"slices"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
	"github.com/llm-observatory/llmobservatoryexporter/internal/trace"
)

// storeEvents stores the rows of the batch's log records. A record that is stored
// already makes an optimistic attempt fail.
func (t *transaction) storeEvents(ctx context.Context) error {
	events := t.batch.Events
	if len(events) > 0 {
		t.ahead.Wait() // they have their keys
		events = store.SortEvents(events)
	}
	if t.pairing != nil {
		t.ahead.Go(t.pairing.settlePairs)
	}
	if len(events) == 0 {
		return nil
	}
	if !t.careful {
		t.result.RecordsWritten = len(events)
		return t.store.CopyEvents(ctx, t.conn, events)
	}
	inserted, err := t.store.InsertEvents(ctx, t.conn, events)
	t.result.RecordsWritten, t.result.RecordsDuplicate = len(inserted), len(events)-len(inserted)
	for i := range events {
		if id := events[i].ID; !inserted[id] {
			t.duplicates.Records[id] = true
		}
	}
	return err
}

// keepKeys has the record of a call, of which c is what pairing knows, keep by what others find the call; see trace.CallKeys.
func keepKeys(e *mapping.Event, call *mapping.Span, c *trace.Candidate) {
	e.FoundByCall = isFoundBy(e, call)
	if e.CallKeys != nil || call.End != e.Time { // the record is looked for by the end of its call
		return
	}
	keys, ok := trace.KeysOf(call, c)
	if !ok {
		return
	}
	if keptByCall(e, call) {
		keys.Words = store.KeepWords(&store.WordsRow{Words: *e.Words})
	}
	e.CallKeys = keys.Append(nil)
}

// isFoundBy reports whether who looks for what is of the user, session or trace of a record finds its call; see
// llm_internal_events_of. Of a record that names nobody the owner is another than that of its call.
func isFoundBy(e *mapping.Event, call *mapping.Span) bool {
	return (call.Kind.IsModel() || call.Kind == mapping.KindTool) && (e.UserID != "" || e.SessionID != "") &&
		call.UserID == e.UserID && call.SessionID == e.SessionID && call.Day == e.Day && !e.Belongs.IsEmpty() && call.TraceID == e.Belongs
}

// keptByCall reports whether the words that a record has of the span that it names can be made of
// those of its call.
func keptByCall(e *mapping.Event, call *mapping.Span) bool {
	w := e.Words
	return w != nil && call.Event.Words == w && !w.Named.IsEmpty() && w.Named == e.SpanID && !e.TraceID.IsEmpty() && w.Trace == e.TraceID &&
		w.Day == e.Day && w.NamesCall && w.Index == 0 && w.ID == call.ResponseID && slices.Equal(w.Models, modelsOf(call))
}

// scores lists the scores that the batch's spans and records tell, each once.
func (t *transaction) scores() (rows []*mapping.Score) {
	for i := range t.batch.Spans {
		rows = append(rows, t.batch.Spans[i].Scores...)
	}
	for i := range t.batch.Events {
		rows = append(rows, t.batch.Events[i].Scores...)
	}
	return rows
}

// storeScores stores the batch's scores if spans or records of the batch are duplicates, whose
// scores may be there; else it returns the statement that does.
func (t *transaction) storeScores(ctx context.Context) ([]pgbatch.Statement, error) {
	scores := t.scores()
	for _, score := range scores {
		t.duplicates.Scores[score.ID] = true
	}
	s := t.store.InsertScores(nil, scores, func(id content.ID) { delete(t.duplicates.Scores, id) })
	if !t.duplicates.Some() {
		return s, nil
	}
	return nil, t.conn.Exec(ctx, s...)
}
