package upkeep

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
	// Overdue is told of each table how many days could not be dropped.
	Overdue func(table string, days int64)
}

// Removal is what one round removed from a table.
type Removal struct {
	Table string
	Days  int
	Rows  int64
	Bytes int64
	// Overdue is how many days are left that should have gone.
	Overdue int64
}

// Run does one round at the given time and reports whether days were dropped. A
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
	}{{"llm_contents", r.Contents}, {"llm_events", r.Spans}, {"llm_scores", r.Spans}, {"llm_spans", r.Spans}} {
		if table.keep == 0 {
			continue
		}
		removal, err := r.dropDays(ctx, conn.Conn(), table.name, firstKept(now, table.keep))
		errs = append(errs, err)
		dropped = dropped || removal.Days > 0
		r.report(ctx, removal)
		if err == nil {
			r.Overdue(table.name, removal.Overdue)
		}
	}
	if r.Spans > 0 {
		for _, remove := range []func(context.Context, *pgx.Conn, time.Time) (Removal, error){r.deleteTraces, r.deleteResources} {
			removal, err := remove(ctx, conn.Conn(), firstKept(now, r.Spans))
			errs = append(errs, err)
			r.report(ctx, removal)
		}
	}
	return dropped, errors.Join(errs...)
}

// firstKept is the first day to keep: the whole of a day goes when its end is too
// old.
func firstKept(now time.Time, keep time.Duration) time.Time {
	return now.UTC().Add(-keep).Truncate(24 * time.Hour)
}

// day is what is in the partition of a day.
type day struct {
	day         time.Time
	rows, bytes int64
}

// dropDays announces the days before limit and drops them, each in a transaction of its
// own, so that writers get between.
func (r *Retention) dropDays(ctx context.Context, conn *pgx.Conn, table string, limit time.Time) (Removal, error) {
	removal := Removal{Table: table}
	due, err := r.dueDays(ctx, conn, table, limit)
	if err != nil {
		return removal, fmt.Errorf("list days of %s: %w", table, err)
	}
	r.announce(table, due)
	for {
		days := removal.Days
		err := alone(ctx, conn, r.Schema, func(tx pgx.Tx) error { return r.dropDay(ctx, tx, limit, due, &removal) })
		if err != nil {
			return removal, fmt.Errorf("drop days of %s: %w", table, err)
		}
		if removal.Days == days {
			break
		}
	}
	err = conn.QueryRow(ctx, "SELECT count(*) FROM "+schema.Table(r.Schema, "llm_internal_partitions")+"($1) WHERE day < $2", table, limit).Scan(&removal.Overdue)
	if err != nil {
		return removal, fmt.Errorf("count overdue days of %s: %w", table, err)
	}
	return removal, nil
}

// dueDays returns the days before limit, with their rows counted; none if another
// collector is at it.
func (r *Retention) dueDays(ctx context.Context, conn *pgx.Conn, table string, limit time.Time) (due []day, err error) {
	err = alone(ctx, conn, r.Schema, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, "SELECT day, rows, bytes FROM "+schema.Table(r.Schema, "llm_internal_due_days")+"($1, $2)", table, limit)
		if err != nil {
			return err
		}
		var d day
		_, err = pgx.ForEachRow(rows, []any{&d.day, &d.rows, &d.bytes}, func() error {
			due = append(due, d)
			return nil
		})
		return err
	})
	return due, err
}

func (r *Retention) announce(table string, due []day) {
	if len(due) == 0 {
		return
	}
	total := day{}
	for _, d := range due {
		total.rows += d.rows
		total.bytes += d.bytes
	}
	r.Logger.Info("About to remove days that are older than the retention",
		zap.String("table", table), zap.Int("days", len(due)),
		zap.String("first_day", due[0].day.Format(time.DateOnly)), zap.String("last_day", due[len(due)-1].day.Format(time.DateOnly)),
		zap.Int64("rows", total.rows), zap.Int64("bytes", total.bytes))
}

// dropDay drops the oldest of the days that are due, or what waits in the default
// partition when there is none.
func (r *Retention) dropDay(ctx context.Context, tx pgx.Tx, limit time.Time, due []day, removal *Removal) error {
	rows, err := tx.Query(ctx, "SELECT dropped_day, row_estimate, bytes FROM "+
		schema.Table(r.Schema, "llm_drop_day_before")+"($1, $2)", removal.Table, limit)
	if err != nil {
		return err
	}
	var (
		dropped     *time.Time
		count, size int64
	)
	_, err = pgx.ForEachRow(rows, []any{&dropped, &count, &size}, func() error {
		if dropped != nil {
			removal.Days++
			if i := slices.IndexFunc(due, func(d day) bool { return d.day.Equal(*dropped) }); i >= 0 {
				count = due[i].rows // counted, not estimated
			}
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
