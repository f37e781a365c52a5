package upkeep

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/zap"

	"github.com/llm-observatory/llmobservatoryexporter/internal/schema"
)

// How much one statement deletes at most, so that it is short.
const (
	traceBlocks   = 1000 // blocks of llm_traces, about 20,000 rows
	resourceBatch = 5000 // rows
)

// Retention removes closed days: words after Contents, facts after Spans. Zero
// keeps for ever. One collector at a time works on a schema; the others skip
// their round.
type Retention struct {
	Pool     Pool
	Schema   string
	Spans    time.Duration
	Contents time.Duration
	Logger   *zap.Logger
	// Removed is told of each table what went.
	Removed func(ctx context.Context, r Removal)
}

// Removal is what one round removed from a table. Rows of dropped partitions are
// the planner's estimate.
type Removal struct {
	Table string
	Days  int
	Rows  int64
	Bytes int64
}

// Run does one round at the given time and tells whether days were dropped. A
// day that a long query keeps from being dropped is left for the next round.
func (r *Retention) Run(ctx context.Context, now time.Time) (dropped bool, err error) {
	conn, err := r.Pool.Acquire(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Release()
	var errs []error
	for _, table := range []struct {
		name string
		keep time.Duration
	}{{"llm_contents", r.Contents}, {"llm_spans", r.Spans}} {
		if table.keep == 0 {
			continue
		}
		removal, err := r.dropDays(ctx, conn.Conn(), table.name, lastDay(now, table.keep))
		errs = append(errs, err)
		dropped = dropped || removal.Days > 0
		r.report(ctx, removal)
	}
	if r.Spans > 0 {
		for _, remove := range []func(context.Context, *pgx.Conn, time.Time) (Removal, error){r.deleteTraces, r.deleteResources} {
			removal, err := remove(ctx, conn.Conn(), lastDay(now, r.Spans))
			errs = append(errs, err)
			r.report(ctx, removal)
		}
	}
	return dropped, errors.Join(errs...)
}

// lastDay is the first day to keep: the whole of a day goes when its end is too
// old.
func lastDay(now time.Time, keep time.Duration) time.Time {
	return now.UTC().Add(-keep).Truncate(24 * time.Hour)
}

// dropDays drops the days before limit, each in a transaction of its own, so that
// writers get between.
func (r *Retention) dropDays(ctx context.Context, conn *pgx.Conn, table string, limit time.Time) (Removal, error) {
	removal := Removal{Table: table}
	for {
		days := removal.Days
		err := alone(ctx, conn, r.Schema, func(tx pgx.Tx) error { return r.dropDay(ctx, tx, limit, &removal) })
		if err != nil {
			return removal, fmt.Errorf("drop days of %s: %w", table, err)
		}
		if removal.Days == days {
			return removal, nil
		}
	}
}

func (r *Retention) dropDay(ctx context.Context, tx pgx.Tx, limit time.Time, removal *Removal) error {
	rows, err := tx.Query(ctx, "SELECT dropped_day IS NOT NULL, row_estimate, bytes FROM "+
		schema.Table(r.Schema, "llm_drop_day_before")+"($1, $2)", removal.Table, limit)
	if err != nil {
		return err
	}
	var (
		isDay       bool
		count, size int64
	)
	_, err = pgx.ForEachRow(rows, []any{&isDay, &count, &size}, func() error {
		if isDay {
			removal.Days++
		}
		removal.Rows += count
		removal.Bytes += size
		return nil
	})
	return err
}

// deleteTraces goes once through the traces.
func (r *Retention) deleteTraces(ctx context.Context, conn *pgx.Conn, limit time.Time) (Removal, error) {
	removal := Removal{Table: "llm_traces"}
	sql := "SELECT deleted, done FROM " + schema.Table(r.Schema, "llm_delete_traces_before") + "($1, $2, $3)"
	for block := 0; ; block += traceBlocks {
		var deleted int64
		done := true // if another collector is at it
		err := alone(ctx, conn, r.Schema, func(tx pgx.Tx) error {
			return tx.QueryRow(ctx, sql, limit, block, traceBlocks).Scan(&deleted, &done)
		})
		if err != nil {
			return removal, fmt.Errorf("delete traces: %w", err)
		}
		removal.Rows += deleted
		if done {
			return removal, nil
		}
	}
}

func (r *Retention) deleteResources(ctx context.Context, conn *pgx.Conn, limit time.Time) (Removal, error) {
	removal := Removal{Table: "llm_resources"}
	sql := "SELECT " + schema.Table(r.Schema, "llm_delete_resources_before") + "($1, $2)"
	for {
		var deleted int64
		err := alone(ctx, conn, r.Schema, func(tx pgx.Tx) error {
			return tx.QueryRow(ctx, sql, limit, resourceBatch).Scan(&deleted)
		})
		if err != nil {
			return removal, fmt.Errorf("delete resources: %w", err)
		}
		removal.Rows += deleted
		if deleted < resourceBatch {
			return removal, nil
		}
	}
}

func (r *Retention) report(ctx context.Context, removal Removal) {
	if removal.Rows == 0 && removal.Days == 0 {
		return
	}
	r.Removed(ctx, removal)
	r.Logger.Info("Removed what is older than the retention",
		zap.String("table", removal.Table), zap.Int("days", removal.Days),
		zap.Int64("rows", removal.Rows), zap.Int64("bytes", removal.Bytes))
}
