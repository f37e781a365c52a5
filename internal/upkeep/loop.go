package upkeep

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/llm-observatory/llmobservatoryexporter/internal/panics"
	"github.com/llm-observatory/llmobservatoryexporter/pool"
)

const (
	// followInterval is how often usage is aggregated at most; an hour that waits for
	// that is read from the spans.
	followInterval = 5 * time.Minute
	// moveInterval is how often default partitions are looked into.
	moveInterval = time.Minute
	// Idle is how long after the last batch that stops: everything is done by
	// then.
	Idle = 2 * time.Hour
	// overdueRounds is for how many rounds of retention a day may stay before that is
	// logged.
	overdueRounds = 3
	// clockDifference is by how much the clocks of collector and server differ before that is logged.
	clockDifference = time.Hour
	// daysAhead is how far ahead of now a day gets partitions of its own, as in package
	// store.
	daysAhead = 7
)

// Upkeep keeps the tables of one schema in shape beside the writing.
type Upkeep struct {
	Pool   Pool
	Schema string
	Logger *zap.Logger

	// How long to keep spans and contents; zero keeps for ever.
	Spans, Contents time.Duration
	// Interval is how often a round of retention begins.
	Interval time.Duration

	// EnsureDays creates the partitions of today and tomorrow.
	EnsureDays func(context.Context) error
	// Window is how far back a day gets partitions of its own.
	Window time.Duration
	// IdleSince tells when the last batch came.
	IdleSince func() time.Time
	// Dropped is called after days were dropped.
	Dropped func()
	// Erased gets the hex ids of traces that were erased.
	Erased func(ctx context.Context, traces []string) error
	// Removed gets what retention removed, by table.
	Removed func(ctx context.Context, r Removal)
	// Partitions gets the number of day partitions by table.
	Partitions func(map[string]int64)
	// Overdue gets the number of days by table that retention should have dropped.
	Overdue func(table string, days int64)

	overdue map[string]overdue // by table; of Run's goroutine
	folded  time.Time          // when the last round of folding began; of Run's goroutine
	clocks  bool               // whether those of collector and server differ; of Run's goroutine
	erased  time.Time          // when the last trace was erased that Erased got; of Run's goroutine
}

// Run works until ctx ends.
func (u *Upkeep) Run(ctx context.Context) {
	now := time.Now()
	u.folded = now
	next := u.followSafely(ctx, now)
	follow := time.NewTimer(min(next, u.Interval))
	defer follow.Stop()
	maintain := time.NewTicker(u.Interval)
	defer maintain.Stop()
	move := time.NewTicker(moveInterval)
	defer move.Stop()
	u.safely(func() { u.maintain(ctx, now) })
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-follow.C:
			follow.Reset(min(u.followSafely(ctx, now), u.Interval))
		case now := <-move.C:
			u.safely(func() { u.moveWaiting(ctx, now) })
		case now := <-maintain.C:
			u.safely(func() { u.maintain(ctx, now) })
		}
	}
}

// safely runs f, a part of the upkeep, and logs a panic: the next round tries again.
func (u *Upkeep) safely(f func()) {
	if err := panics.Safely(func() error { f(); return nil }); err != nil {
		u.Logger.Error("Upkeep failed and is tried again later; please report this fault", zap.Error(err))
	}
}

func (u *Upkeep) followSafely(ctx context.Context, now time.Time) (next time.Duration) {
	next = followInterval
	u.safely(func() { next = u.follow(ctx, now) })
	return next
}

// follow does what spans and erasures leave to do, unless nothing came for long, and
// returns when that is due again.
func (u *Upkeep) follow(ctx context.Context, now time.Time) (next time.Duration) {
	if now.Sub(u.IdleSince()) >= Idle {
		return followInterval
	}
	u.forgetErased(ctx)
	if u.postponed(ctx, now) {
		return postponedInterval
	}
	u.foldUsage(ctx, now)
	u.folded = now
	return followInterval
}

// moveWaiting makes days for rows that a long query kept from a day of their own.
func (u *Upkeep) moveWaiting(ctx context.Context, now time.Time) {
	if now.Sub(u.IdleSince()) >= Idle {
		return
	}
	_, err := MoveWaiting(ctx, u.Pool, u.Schema, now.Add(-u.Window), now.AddDate(0, 0, daysAhead))
	u.warn(ctx, "Could not move rows out of the default partitions", "move rows", err)
}

// foldUsage sums up the hours that have ended.
func (u *Upkeep) foldUsage(ctx context.Context, now time.Time) {
	folds, err := foldUsage(ctx, u.Pool, u.Schema, now, foldPause)
	u.warn(ctx, "Could not fold the usage by the hour, dashboards take it from the spans", "fold usage", err)
	if folds > 0 {
		u.Logger.Debug("Folded usage", zap.Int("transactions", folds))
	}
}

// forgetErased tells of the traces that were erased since the last time.
func (u *Upkeep) forgetErased(ctx context.Context) {
	traces, last, err := ErasedAfter(ctx, u.Pool, u.Schema, u.erased)
	if err == nil {
		err = u.Erased(ctx, traces)
	}
	if err == nil {
		u.erased = last
	}
	u.warn(ctx, "Could not drop erased traces from the caches", "forget erased traces", err)
}

// maintain keeps partitions ahead of time, removes what is too old and freezes
// days that have ended.
func (u *Upkeep) maintain(ctx context.Context, now time.Time) {
	u.warn(ctx, "Could not create partitions ahead of time", "create partitions", u.EnsureDays(ctx))
	if u.Spans > 0 {
		u.foldUsage(ctx, now) // a day goes only once its hours are folded
	}
	retention := Retention{
		Pool: u.Pool, Schema: u.Schema, Spans: u.Spans, Contents: u.Contents, Logger: u.Logger, Removed: u.Removed,
		Overdue: func(table string, days int64) { u.noteOverdue(table, days, now) },
	}
	var dropped bool
	by, err := u.agreedTime(ctx, now)
	if err == nil {
		dropped, err = retention.Run(ctx, by)
	}
	u.warn(ctx, "Could not remove all that is older than the retention", "retention", err)
	if dropped {
		u.Dropped()
	}
	u.warn(ctx, "Could not vacuum the partitions of days that have ended", "vacuum", Freeze(ctx, u.Pool, u.Schema, now))
	if counts, err := Partitions(ctx, u.Pool, u.Schema); err == nil {
		u.Partitions(counts)
	}
}

// agreedTime is the earlier of the times of this collector and of PostgreSQL: where one of the two
// clocks is ahead, days that only that clock takes for old do not go.
func (u *Upkeep) agreedTime(ctx context.Context, now time.Time) (time.Time, error) {
	conn, err := u.Pool.Acquire(ctx)
	if err != nil {
		return now, err
	}
	defer conn.Release()
	var server time.Time
	if err := conn.QueryRow(ctx, "SELECT now()").Scan(&server); err != nil {
		return now, err
	}
	ahead := now.Sub(server).Abs() > clockDifference
	if ahead && !u.clocks {
		u.Logger.Warn("The clocks of this collector and of PostgreSQL differ; retention goes by the earlier one: set the clock that is wrong",
			zap.Time("collector", now), zap.Time("postgres", server))
	}
	u.clocks = ahead
	if server.Before(now) {
		return server, nil
	}
	return now, nil
}

// overdue is since when days of a table should have gone.
type overdue struct {
	since  time.Time
	warned bool
}

// noteOverdue says once that days stay for overdueRounds rounds.
func (u *Upkeep) noteOverdue(table string, days int64, now time.Time) {
	u.Overdue(table, days)
	if days == 0 {
		delete(u.overdue, table)
		return
	}
	if u.overdue == nil {
		u.overdue = map[string]overdue{}
	}
	late, known := u.overdue[table]
	if !known {
		late.since = now
	}
	if !late.warned && now.Sub(late.since) >= overdueRounds*u.Interval {
		late.warned = true
		u.Logger.Warn("Days that are older than the retention could not be dropped for several rounds; a transaction of this database that stays open, or a query over all days, holds them",
			zap.String("table", table), zap.Int64("days", days), zap.Time("since", late.since))
	}
	u.overdue[table] = late
}

// warn logs an error unless the collector stops.
func (u *Upkeep) warn(ctx context.Context, message, doing string, err error) {
	if err != nil && ctx.Err() == nil {
		u.Logger.Warn(message, zap.Error(pool.Wrap(doing, err)))
	}
}
