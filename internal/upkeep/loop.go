package upkeep

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/llm-observatory/llmobservatoryexporter/pool"
)

const (
	// followInterval is how often usage is aggregated at most; an hour that waits for
	// that is read from the spans.
	followInterval = 5 * time.Minute
	// followIdle is how long after the last batch that stops: everything is done by
	// then.
	followIdle = 2 * time.Hour
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
	// IdleSince tells when the last batch came.
	IdleSince func() time.Time
	// Dropped is called after days were dropped.
	Dropped func()
	// Erased is told the hex ids of traces that were erased.
	Erased func(ctx context.Context, traces []string) error
	// Removed is told of each table what retention removed.
	Removed func(ctx context.Context, r Removal)
	// Partitions is told the number of day partitions by table.
	Partitions func(map[string]int64)

	erased time.Time // when the last trace was erased that Erased was told of; of Run's goroutine
}

// Run works until ctx ends.
func (u *Upkeep) Run(ctx context.Context) {
	follow := time.NewTicker(min(followInterval, u.Interval))
	defer follow.Stop()
	maintain := time.NewTicker(u.Interval)
	defer maintain.Stop()
	now := time.Now()
	u.follow(ctx, now)
	u.maintain(ctx, now)
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-follow.C:
			u.follow(ctx, now)
		case now := <-maintain.C:
			u.maintain(ctx, now)
		}
	}
}

// follow does what spans and erasures leave to do, unless nothing came for long.
func (u *Upkeep) follow(ctx context.Context, now time.Time) {
	if now.Sub(u.IdleSince()) >= followIdle {
		return
	}
	u.foldUsage(ctx, now)
	u.forgetErased(ctx)
}

// foldUsage sums up the hours that have ended.
func (u *Upkeep) foldUsage(ctx context.Context, now time.Time) {
	hours, err := FoldUsage(ctx, u.Pool, u.Schema, now)
	u.warn(ctx, "Could not fold the usage by the hour, dashboards take it from the spans", "fold usage", err)
	if hours > 0 {
		u.Logger.Debug("Folded usage", zap.Int("hours", hours))
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
	retention := Retention{Pool: u.Pool, Schema: u.Schema, Spans: u.Spans, Contents: u.Contents, Logger: u.Logger, Removed: u.Removed}
	dropped, err := retention.Run(ctx, now)
	u.warn(ctx, "Could not remove all that is older than the retention", "retention", err)
	if dropped {
		u.Dropped()
	}
	u.warn(ctx, "Could not vacuum the partitions of days that have ended", "vacuum", Freeze(ctx, u.Pool, u.Schema, now))
	if counts, err := Partitions(ctx, u.Pool, u.Schema); err == nil {
		u.Partitions(counts)
	}
}

// warn logs an error unless the collector stops.
func (u *Upkeep) warn(ctx context.Context, message, doing string, err error) {
	if err != nil && ctx.Err() == nil {
		u.Logger.Warn(message, zap.Error(pool.Wrap(doing, err)))
	}
}
