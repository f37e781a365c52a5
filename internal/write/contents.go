package write

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"sync"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
)

// writeContents begins the transaction and stores the words. A batch that is alone
// stores them part by part, while it is still being mapped.
func (t *transaction) writeContents(ctx context.Context) error {
	store := t.storeParts
	if t.alone {
		store = t.streamParts
	}
	if err := store(ctx); err != nil {
		return err
	}
	return t.checkKnown(ctx)
}

// storeParts waits until all is mapped and stores all at once.
func (t *transaction) storeParts(ctx context.Context) error {
	var parts []*mapping.Batch
	for part, ok := t.source.Next(); ok; part, ok = t.source.Next() {
		if err := t.w.days.Ensure(ctx, t.pg, part.Spans); err != nil {
			return err
		}
		parts = append(parts, part)
	}
	if err := t.prove(ctx, parts, t.w.store.Begin()); err != nil {
		return err
	}
	if err := t.w.inFlight.takeTurn(ctx); err != nil {
		return err
	}
	others := t.w.inFlight.claimants(t.claims)
	rows := t.notKnown(parts...)
	t.claims.contents = t.met
	t.w.inFlight.passTurn()
	rows, err := t.missing(ctx, rows, others)
	if err != nil {
		return err
	}
	return t.storeContents(ctx, rows)
}

// streamParts stores the parts as they come. It has the turn to claim until the
// last has come.
func (t *transaction) streamParts(ctx context.Context) error {
	var pass sync.Once
	passTurn := func() { pass.Do(t.w.inFlight.passTurn) }
	defer passTurn()
	t.claims.contents = t.met
	next := func() (*mapping.Batch, bool) {
		part, ok := t.source.Next()
		if !ok {
			passTurn()
		}
		return part, ok
	}
	begin := t.w.store.Begin()
	part, ok := next()
	for ok {
		if err := t.w.days.Ensure(ctx, t.pg, part.Spans); err != nil {
			return err
		}
		if err := t.prove(ctx, []*mapping.Batch{part}, begin); err != nil {
			return err
		}
		begin = nil
		var err error
		if part, ok, err = t.storeFrom(ctx, part, next); err != nil {
			return err
		}
	}
	return pgbatch.Exec(ctx, t.pg, begin...)
}

// storeFrom stores the contents of a part and, by the same COPY, of those that next
// brings, up to one that has to wait for something; it returns that one.
func (t *transaction) storeFrom(
	ctx context.Context, part *mapping.Batch, next func() (*mapping.Batch, bool),
) (following *mapping.Batch, ok bool, err error) {
	rows, err := t.missing(ctx, t.notKnown(part), nil)
	if err != nil {
		return nil, false, err
	}
	if t.asksAll {
		if err := t.storeContents(ctx, rows); err != nil {
			return nil, false, err
		}
		following, ok = next()
		return following, ok, nil
	}
	var mapped sync.WaitGroup
	chunks := make(chan []store.ContentRow, 1)
	streaming, stop := context.WithCancel(ctx)
	mapped.Go(func() {
		defer close(chunks)
		for {
			if len(rows) > 0 {
				select {
				case chunks <- rows:
				case <-streaming.Done():
					return
				}
			}
			if following, ok = next(); !ok || !t.joins(following) {
				return
			}
			rows = t.leave(t.notKnown(following), nil)
		}
	})
	if first, some := <-chunks; some { // else there is nothing to begin a COPY for
		given := false
		err = t.copyContents(ctx, func() ([]store.ContentRow, bool) {
			if !given {
				given = true
				return first, true
			}
			rows, more := <-chunks
			return rows, more
		})
	}
	stop()
	mapped.Wait()
	return following, ok, errors.Join(err, ctx.Err())
}

// notKnown returns the contents of parts, each once, but for those known to be
// stored, see knownContents; in careful mode all. One known content of each day is
// noted for checkKnown. The days must be proven.
func (t *transaction) notKnown(parts ...*mapping.Batch) []store.ContentRow {
	var rows []store.ContentRow
	for _, part := range parts {
		maps.Copy(t.resources, part.Resources)
		t.w.known.Under(&t.proof, func(known func(content.Key) bool) {
			meet := func(key content.Key, body []byte) {
				switch {
				case !t.careful && known(key):
					t.reuse(1, len(body))
					t.relied[key.Day] = key.ID
				case t.met[key]:
					t.reuse(1, len(body))
				default:
					t.met[key] = true
					rows = append(rows, store.ContentRow{Key: key, Body: body})
				}
			}
			for key, body := range part.Contents {
				meet(key, body)
			}
			for key, h := range part.Histories {
				t.meetHistory(key.Day, h, known, meet)
			}
		})
	}
	return rows
}

// meetHistory meets the messages of a history, but for those of an earlier one, of
// which it goes on, that is known or has been met.
func (t *transaction) meetHistory(day int32, h *content.History, known func(content.Key) bool, meet func(content.Key, []byte)) {
	for ; h != nil; h = h.Before {
		key := content.Key{Day: day, ID: h.ID}
		switch {
		case !t.careful && known(key):
			t.relied[day] = h.Added[0].ID
			t.reuse(h.Len, h.Bytes)
			return
		case t.met[key]:
			t.reuse(h.Len, h.Bytes)
			return
		}
		t.met[key] = true
		for i := range h.Added {
			meet(content.Key{Day: day, ID: h.Added[i].ID}, h.Added[i].Body)
		}
	}
}

// joins tells whether the contents of a part can be stored without anything asked of
// or told to Postgres before.
func (t *transaction) joins(part *mapping.Batch) bool {
	for range t.unproven(part) {
		return false
	}
	return t.w.days.Settled(part.Spans)
}

// missing returns the rows that this batch has to store. Mostly it is hoped that
// all are missing, see hope; else Postgres is asked.
func (t *transaction) missing(ctx context.Context, rows []store.ContentRow, others []*claims) ([]store.ContentRow, error) {
	if t.asksAll {
		keys := make([]content.Key, len(rows))
		for i := range rows {
			keys[i] = rows[i].Key
		}
		found, err := t.w.store.FindContents(ctx, t.pg, keys)
		if err != nil {
			return nil, err
		}
		t.surprised = t.surprised || !t.careful && len(found) > 0
		rows = slices.DeleteFunc(rows, func(row store.ContentRow) bool {
			if found[row.Key] {
				t.reuse(1, len(row.Body))
			}
			return found[row.Key]
		})
	}
	return t.leave(rows, others), nil
}

// leave returns the rows, sorted, without those that an earlier batch is storing:
// they are left to it, see awaitOthers.
func (t *transaction) leave(rows []store.ContentRow, others []*claims) []store.ContentRow {
	rows = slices.DeleteFunc(rows, func(row store.ContentRow) bool {
		owner := slices.IndexFunc(others, func(c *claims) bool { return c.contents[row.Key] })
		if owner < 0 {
			t.result.ContentsWritten++
			t.result.ContentsWrittenBytes += len(row.Body)
			return false
		}
		t.left[others[owner]] = append(t.left[others[owner]], row)
		t.reuse(1, len(row.Body))
		return true
	})
	slices.SortFunc(rows, store.CompareContents)
	return rows
}

// checkKnown makes sure that the known contents are there indeed, by one of each day.
func (t *transaction) checkKnown(ctx context.Context) error {
	keys := make([]content.Key, 0, len(t.relied))
	for day, id := range t.relied {
		keys = append(keys, content.Key{Day: day, ID: id})
	}
	found, err := t.w.store.FindContents(ctx, t.pg, keys)
	if err == nil && len(found) < len(keys) {
		err = errKnownWrong
	}
	return err
}

// storeContents stores rows. In careful mode by an INSERT, which skips what turns
// out to be there.
func (t *transaction) storeContents(ctx context.Context, rows []store.ContentRow) error {
	switch {
	case t.careful:
		return t.w.store.InsertContents(ctx, t.pg, rows)
	case len(rows) == 0:
		return nil
	default:
		return t.copyContents(ctx, pgbatch.Once(rows))
	}
}

func (t *transaction) copyContents(ctx context.Context, next func() ([]store.ContentRow, bool)) (err error) {
	t.buf, err = t.w.store.CopyContents(ctx, t.pg, next, t.buf)
	return err
}

func (t *transaction) reuse(contents, bytes int) {
	t.result.ContentsReused += contents
	t.result.ContentsReusedBytes += bytes
}

// awaitOthers waits until the batches that contents were left to have ended, and
// stores itself what those that failed have not stored. It comes before any trace is
// locked, since those batches may need the same traces, and nothing is stored before
// all have ended, since those may also be about to store what a failed one has not.
func (t *transaction) awaitOthers(ctx context.Context) error {
	var rows []store.ContentRow
	for owner, left := range t.left {
		committed, err := owner.await(ctx)
		if err != nil {
			return err
		}
		if !committed {
			rows = append(rows, left...)
		}
	}
	clear(t.left)
	slices.SortFunc(rows, store.CompareContents)
	if err := t.w.store.InsertContents(ctx, t.pg, rows); err != nil {
		return err
	}
	t.result.ContentsWritten += len(rows)
	t.result.ContentsReused -= len(rows)
	for _, row := range rows {
		t.result.ContentsWrittenBytes += len(row.Body)
		t.result.ContentsReusedBytes -= len(row.Body)
	}
	return nil
}

var errKnownWrong = errors.New("a content thought to be stored is not")

// prove asks what is needed to trust the known contents of some days.
func (t *transaction) prove(ctx context.Context, parts []*mapping.Batch, first []pgbatch.Statement) error {
	statements := first
	for _, part := range parts {
		for day := range t.unproven(part) {
			t.proof.Files[day] = ""
			statements = append(statements, t.proofOf(day))
		}
	}
	if len(statements) == 0 {
		return nil
	}
	return pgbatch.Exec(ctx, t.pg, statements...)
}

// unproven yields the days of a part's contents that nothing was asked of yet.
func (t *transaction) unproven(part *mapping.Batch) iter.Seq[int32] {
	return func(yield func(int32) bool) {
		last := int32(math.MinInt32)
		for key := range keysOf(part) {
			if key.Day == last {
				continue
			}
			last = key.Day
			if _, proven := t.proof.Files[last]; !proven && !yield(last) {
				return
			}
		}
	}
}

// keysOf yields the keys of a part's contents and histories.
func keysOf(part *mapping.Batch) iter.Seq[content.Key] {
	return func(yield func(content.Key) bool) {
		for key := range part.Contents {
			if !yield(key) {
				return
			}
		}
		for key := range part.Histories {
			if !yield(key) {
				return
			}
		}
	}
}

func (t *transaction) proofOf(day int32) pgbatch.Statement {
	return t.w.store.ProveContents(day, func(epoch, file string) error {
		if t.proof.Epoch != "" && t.proof.Epoch != epoch {
			return fmt.Errorf("contents were removed while a batch was written: %w", errKnownWrong)
		}
		t.proof.Epoch, t.proof.Files[day] = epoch, file
		return nil
	})
}
