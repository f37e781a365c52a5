package store

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
)

// Announcement says that events which are listed under a key, and name no trace, tell calls of a UTC day,
// counted from 1970-01-01.
type Announcement struct {
	Key uint64
	Day int32
}

// Announcements knows which are made. A batch of spans does not look for such events unless some are announced of
// about its time, so that ordinary spans pay nothing for them. Therefore the first event of a day is announced before
// it looks for its call: the batches that began without knowing have ended then, and the others look for the event.
type Announcements struct {
	store *Store
	days  *Days

	mu   sync.Mutex
	made map[Announcement]bool
}

// Announcements returns those of a store, of the days that get partitions.
func (s *Store) Announcements(days *Days) *Announcements {
	return &Announcements{store: s, days: days, made: map[Announcement]bool{}}
}

// Make makes announcements, outside of a transaction. A batch that goes on for longer than the wait may count a call
// of its spans twice.
func (a *Announcements) Make(ctx context.Context, c *pgbatch.Conn, all map[Announcement]bool) error {
	fresh := a.fresh(all)
	if len(fresh) == 0 {
		return nil
	}
	var rows []CandidateRow
	for _, one := range fresh {
		noon := int64(one.Day)*mapping.MicrosPerDay + mapping.MicrosPerDay/2
		rows = append(rows, CandidateRow{Key: one.Key, Start: noon, End: noon})
	}
	SortCandidates(rows)
	if err := c.Exec(ctx, pgbatch.AppendQuery(nil, "announce events without a trace", &a.store.insertCandidates, rows)...); err != nil {
		return err
	}
	err := c.Exec(ctx,
		pgbatch.Statement{What: "limit the wait", SQL: "SELECT set_config('lock_timeout', '2s', true)"},
		pgbatch.Statement{What: "wait for the batches before", SQL: a.store.awaitBatches, Params: [][]byte{[]byte(a.store.schema)}, OIDs: []uint32{pgtype.TextOID}})
	if err != nil && !pgbatch.HasCode(err, pgbatch.LockNotAvailable) && !pgbatch.HasCode(err, pgbatch.DeadlockDetected) {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, one := range fresh {
		a.made[one] = true
	}
	return nil
}

// fresh are the announcements that are not made. Those of absurd days never are, as there are many.
func (a *Announcements) fresh(all map[Announcement]bool) (fresh []Announcement) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	for one := range all {
		if !a.made[one] && a.days.inWindow(one.Day, now) {
			fresh = append(fresh, one)
		}
	}
	return fresh
}
