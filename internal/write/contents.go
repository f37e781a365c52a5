package write

import (
	"context"
	"fmt"
	"slices"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/seen"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
)

// storeContents begins the transaction and stores the contents that are not stored.
func (t *transaction) storeContents(ctx context.Context) error {
	if t.mapped != nil {
		if err := t.goOn(ctx); err != nil {
			return err
		}
	} else if err := t.beginWhole(ctx); err != nil {
		return err
	}
	if t.contents == nil {
		var err error
		if t.contents, err = t.w.contents.Reserve(ctx, &t.proof, t.batch, t.careful); err != nil {
			return err
		}
		if err := t.storeReserved(ctx); err != nil {
			return err
		}
	}
	if err := t.checkKnown(ctx); err != nil {
		return err
	}
	rows, err := t.contents.AwaitOthers(ctx)
	if err != nil {
		return err
	}
	return t.insertContents(ctx, rows)
}

// beginWhole begins the transaction of a batch that is mapped.
func (t *transaction) beginWhole(ctx context.Context) error {
	days := t.batch.Days()
	if err := t.w.days.Ensure(ctx, t.conn, days); err != nil {
		return err
	}
	if err := t.w.untraced.Make(ctx, t.conn, announcements(t.batch)); err != nil {
		return err
	}
	if len(t.batch.Contents)+len(t.batch.Histories) == 0 {
		days = nil
	}
	return t.begin(ctx, days, t.lookWithoutTrace()...)
}

// begin begins the transaction and, unless it is careful, asks for the proof that
// contents of these days known to be stored are there still.
func (t *transaction) begin(ctx context.Context, days []int32, more ...pgbatch.Statement) error {
	var server store.Server
	statements := append(t.store.Begin(&server), more...)
	if t.careful {
		err := t.conn.Exec(ctx, statements...)
		t.noting = server.MayProve
		return err
	}
	expected := t.w.mayProve.Load()
	if expected {
		statements = append(statements, t.prove(days)...)
	}
	err := t.conn.Exec(ctx, statements...)
	t.durable, t.noting = server.Durable, server.MayProve
	t.w.mayProve.Store(server.MayProve)
	if !server.MayProve {
		t.proof = seen.Proof{Files: map[int32]string{}}
	}
	if err != nil || expected || !server.MayProve {
		return err
	}
	return t.conn.Exec(ctx, t.prove(days)...)
}

// prove asks for the proof of each day.
func (t *transaction) prove(days []int32) []pgbatch.Statement {
	var statements []pgbatch.Statement
	for _, day := range days {
		statements = append(statements, t.store.ProveContents(day, func(epoch, file string) error {
			if t.proof.Epoch != "" && t.proof.Epoch != epoch {
				return fmt.Errorf("contents were removed while a batch was written: %w", pgbatch.ErrConflict)
			}
			t.proof.Epoch, t.proof.Files[day] = epoch, file
			return nil
		}))
	}
	return statements
}

// storeReserved stores the contents that are this batch's to store. Unless optimism is
// justified, it asks first which are there already. A careful attempt skips by INSERT what
// turns out to be there nevertheless.
func (t *transaction) storeReserved(ctx context.Context) error {
	if t.careful || !t.w.optimism.justified() {
		if err := t.dropStored(ctx); err != nil {
			return err
		}
	}
	if t.careful {
		return t.insertContents(ctx, t.contents.Store)
	}
	t.written(t.contents.Store)
	return t.store.CopyContents(ctx, t.conn, t.contents.Store)
}

// dropStored asks which of the contents to store are stored.
func (t *transaction) dropStored(ctx context.Context) error {
	keys := make([]content.Key, len(t.contents.Store))
	for i := range keys {
		keys[i] = t.contents.Store[i].Key
	}
	found, err := t.store.FindContents(ctx, t.conn, keys)
	if err != nil {
		return err
	}
	t.contents.Found(found)
	if !t.careful {
		t.w.optimism.asked(len(found) > 0)
	}
	return nil
}

// insertContents stores rows unless they turn out to be there.
func (t *transaction) insertContents(ctx context.Context, rows []store.ContentRow) error {
	inserted, err := t.store.InsertContents(ctx, t.conn, rows)
	if err != nil {
		return err
	}
	t.contents.Inserted(rows, inserted)
	t.written(slices.DeleteFunc(slices.Clone(rows), func(row store.ContentRow) bool { return !inserted[row.Key] }))
	return nil
}

func (t *transaction) written(rows []store.ContentRow) {
	t.result.ContentsWritten += len(rows)
	for i := range rows {
		t.result.ContentsWrittenBytes += len(rows[i].Body)
	}
}

// checkKnown makes sure that the known contents are there indeed, by one of each day.
func (t *transaction) checkKnown(ctx context.Context) error {
	keys := make([]content.Key, 0, len(t.contents.Known))
	for day, id := range t.contents.Known {
		keys = append(keys, content.Key{Day: day, ID: id})
	}
	found, err := t.store.FindContents(ctx, t.conn, keys)
	if err != nil {
		return err
	}
	if len(found) < len(keys) {
		t.w.contents.Forget()
		return fmt.Errorf("a content thought to be stored is not: %w", pgbatch.ErrConflict)
	}
	return nil
}

// noteOwners notes who refers to contents whose rows name another owner.
func (t *transaction) noteOwners(s []pgbatch.Statement) []pgbatch.Statement {
	if !t.noting {
		return s
	}
	rows := t.contents.ToNote(t.batch, &t.duplicates)
	if len(t.words.spans) > 0 {
		for i := range t.words.spans {
			w := &t.words.spans[i]
			for _, id := range w.ContentIDs() {
				rows = append(rows, store.OwnerRow{Key: content.Key{Day: int32(w.Start / mapping.MicrosPerDay), ID: id}, Owner: w.Owner})
			}
		}
		slices.SortFunc(rows, store.CompareOwners)
		rows = slices.Compact(rows)
	}
	return t.store.NoteOwners(s, rows, t.contents.Noted)
}
