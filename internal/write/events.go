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
	t.repeated = make(map[content.ID]bool, len(events)-len(inserted))
	for i := range events {
		if id := events[i].ID; !inserted[id] {
			t.repeated[id] = true
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

// storeScores appends the statement that stores the batch's scores.
func (t *transaction) storeScores(s []pgbatch.Statement) []pgbatch.Statement {
	return t.w.store.InsertScores(s, t.scores())
}
