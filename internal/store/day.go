package store

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
)

// daysAhead is how far ahead of now a span's day gets a partition of its own.
const daysAhead = 7

// postponement is how long rows of a day go to the default partition after a
// long query has kept the day's own from being attached. Attaching it later
// brings them along.
const postponement = time.Minute

// Days knows which UTC days, counted from 1970-01-01, have partitions, and makes those
// that are missing.
type Days struct {
	store  *Store
	window time.Duration

	mu        sync.RWMutex
	known     map[int32]bool
	postponed map[int32]time.Time // until when
}

// Days returns the days of a store. window says how far back from now a span's day gets
// a partition of its own; spans from before it, or from more than a week ahead, go to
// the default partition.
func (s *Store) Days(window time.Duration) *Days {
	return &Days{store: s, window: window, known: map[int32]bool{}, postponed: map[int32]time.Time{}}
}

// DayOf returns the UTC day of a time.
func DayOf(t time.Time) int32 { return int32(t.Unix() / (24 * 60 * 60)) }

// inWindow reports whether a day deserves a partition of its own: one absurd
// clock must not litter the database.
func (d *Days) inWindow(day int32, now time.Time) bool {
	today := DayOf(now)
	return day <= today+daysAhead && day >= today-int32(d.window/(24*time.Hour))-1
}

// Ensure creates the partitions of the given days, on the batch's own connection:
// waiting for a second one could leave all batches waiting. Inside the batch's
// transaction the day becomes known with a later batch, once it is committed, and a
// lock that cannot be had fails the attempt.
func (d *Days) Ensure(ctx context.Context, c *pgbatch.Conn, days []int32) error {
	for _, day := range days {
		if err := d.ensure(ctx, c, day); err != nil {
			return err
		}
	}
	return nil
}

// EnsureAhead creates today's and tomorrow's partitions, so that no batch has
// to wait for them.
func (d *Days) EnsureAhead(ctx context.Context, c *pgbatch.Conn) error {
	today := DayOf(time.Now())
	for day := today; day <= today+1; day++ {
		if err := d.ensure(ctx, c, day); err != nil {
			return err
		}
	}
	return nil
}

// ensure creates the partitions of a day unless they are there or the day is too far
// away.
func (d *Days) ensure(ctx context.Context, c *pgbatch.Conn, day int32) error {
	now := time.Now()
	if d.settled(day, now) {
		return nil
	}
	err := c.Exec(ctx, pgbatch.Statement{
		What: "create partitions", SQL: d.store.createDay,
		Params: [][]byte{param(pgbatch.AppendDay(nil, day))}, OIDs: []uint32{pgtype.DateOID},
	})
	inTransaction := c.InTransaction()
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case pgbatch.HasCode(err, pgbatch.LockNotAvailable), pgbatch.HasCode(err, pgbatch.DeadlockDetected):
		d.postponed[day] = now.Add(postponement)
		if inTransaction {
			return err // the next attempt does without the partition
		}
		return nil
	case err != nil || inTransaction:
		return err
	}
	d.known[day] = true
	delete(d.postponed, day)
	return nil
}

// settled reports whether there is nothing to do for a day at present.
func (d *Days) settled(day int32, now time.Time) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.known[day] || now.Before(d.postponed[day]) || !d.inWindow(day, now)
}

// Forget makes the next batches check again which days have partitions, after some
// were dropped, and try again to make those that could not be made.
func (d *Days) Forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.known)
	clear(d.postponed)
}
