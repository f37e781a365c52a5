package write

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// daysAhead is how far ahead of now a span's day gets a partition of its own.
const daysAhead = 7

// postponement is how long rows of a day go to the default partition after a
// long query has kept the day's own from being attached. Attaching it later
// brings them along.
const postponement = time.Minute

// days knows which days have partitions.
type days struct {
	window    time.Duration
	mu        sync.RWMutex
	known     map[int32]bool
	postponed map[int32]time.Time // until when
}

// inWindow tells whether a day deserves a partition of its own: one absurd
// clock must not litter the database.
func (d *days) inWindow(day int32, now time.Time) bool {
	today := dayOf(now)
	return day <= today+daysAhead && day >= today-int32(d.window/(24*time.Hour))-1
}

func dayOf(t time.Time) int32 { return int32(t.Unix() / (24 * 60 * 60)) }

// ensureDays creates the partitions that a batch needs, on the batch's own
// connection: waiting for a second one could leave all batches waiting. Inside
// the batch's transaction the day becomes known with a later batch, once it is
// committed, and a lock that cannot be had fails the attempt.
func (w *Writer) ensureDays(ctx context.Context, pg *pgconn.PgConn, b *mapping.Batch) error {
	for day := range daysOf(b.Spans) {
		if err := w.ensureDay(ctx, pg, day); err != nil {
			return err
		}
	}
	return nil
}

// daysOf yields the days of spans, each at least once.
func daysOf(spans []mapping.Span) iter.Seq[int32] {
	return func(yield func(int32) bool) {
		for i := range spans {
			if (i == 0 || spans[i].Day != spans[i-1].Day) && !yield(spans[i].Day) {
				return
			}
		}
	}
}

// ensureDay creates the partitions of a UTC day unless they are there or the day
// is too far away.
func (w *Writer) ensureDay(ctx context.Context, pg *pgconn.PgConn, day int32) error {
	now := time.Now()
	if w.days.settled(day, now) {
		return nil
	}
	err := exec(ctx, pg, statement{
		what: "create partitions", sql: w.sql.createDay,
		params: [][]byte{appendDay(nil, day)[4:]}, oids: []uint32{pgtype.DateOID},
	})
	inTransaction := pg.TxStatus() != 'I'
	w.days.mu.Lock()
	defer w.days.mu.Unlock()
	switch {
	case hasCode(err, lockNotAvailable), hasCode(err, deadlockDetected):
		w.days.postponed[day] = now.Add(postponement)
		if inTransaction {
			return err // the next attempt does without the partition
		}
		return nil
	case err != nil || inTransaction:
		return err
	}
	w.days.known[day] = true
	delete(w.days.postponed, day)
	return nil
}

// settled tells whether there is nothing to do for a day at present.
func (d *days) settled(day int32, now time.Time) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.known[day] || now.Before(d.postponed[day]) || !d.inWindow(day, now)
}

// allSettled tells whether there is nothing to do for the days of a batch.
func (d *days) allSettled(b *mapping.Batch) bool {
	now := time.Now()
	for day := range daysOf(b.Spans) {
		if !d.settled(day, now) {
			return false
		}
	}
	return true
}

// EnsureAhead creates today's and tomorrow's partitions, so that no batch has
// to wait for them.
func (w *Writer) EnsureAhead(ctx context.Context) error {
	conn, err := w.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("acquire a connection: %w", err)
	}
	defer conn.Release()
	today := dayOf(time.Now())
	for day := today; day <= today+1; day++ {
		if err := w.ensureDay(ctx, conn.Conn().PgConn(), day); err != nil {
			return err
		}
	}
	return nil
}

// ForgetDays makes the writer check again which days have partitions, after
// some were dropped.
func (w *Writer) ForgetDays() {
	w.days.mu.Lock()
	defer w.days.mu.Unlock()
	clear(w.days.known)
}
