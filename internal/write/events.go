package write

import (
	"context"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
)

// storeEvents stores the rows of the batch's log records. A record that is stored
// already makes an optimistic attempt fail.
func (t *transaction) storeEvents(ctx context.Context) error {
	events := t.batch.Events
	if len(events) == 0 {
		return nil
	}
	store.SortEvents(events)
	if !t.careful {
		t.result.RecordsWritten = len(events)
		return t.w.store.CopyEvents(ctx, t.conn, events)
	}
	inserted, err := t.w.store.InsertEvents(ctx, t.conn, events)
	t.result.RecordsWritten, t.result.RecordsDuplicate = len(inserted), len(events)-len(inserted)
	for i := range events {
		if id := events[i].ID; !inserted[id] {
			t.duplicates.Records[id] = true
		}
	}
	return err
}

// scores lists the scores that the batch's spans and records tell, each once.
func (t *transaction) scores() (rows []*mapping.Score) {
	for i := range t.batch.Spans {
		rows = append(rows, t.batch.Spans[i].Scores...)
	}
	for i := range t.batch.Events {
		if s := t.batch.Events[i].Score; s != nil {
			rows = append(rows, s)
		}
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
	s := t.w.store.InsertScores(nil, scores, func(id content.ID) { delete(t.duplicates.Scores, id) })
	if !t.duplicates.Some() {
		return s, nil
	}
	return nil, t.conn.Exec(ctx, s...)
}
