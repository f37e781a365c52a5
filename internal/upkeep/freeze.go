package upkeep

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/schema"
)

// freezeDays is how many days back partitions are vacuumed. It bounds the work
// after a restore or a crash, which lose the note of what was vacuumed.
const freezeDays = 7

// endedPartitions lists the partitions of days that have ended and that nobody has
// vacuumed since, as far as this role may. Autovacuum does not freeze all.
const endedPartitions = `
SELECT n.nspname, c.relname
FROM pg_inherits i
JOIN pg_class c ON c.oid = i.inhrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_stat_all_tables s ON s.relid = c.oid
WHERE i.inhparent = ANY ($1::regclass[]) AND c.relname ~ '_[0-9]{8}$'
	AND to_date(right(c.relname, 8), 'YYYYMMDD') BETWEEN $2::date - $3::int AND $2::date - 1
	AND coalesce(s.last_vacuum, '-infinity') < (to_date(right(c.relname, 8), 'YYYYMMDD') + 1)::timestamp AT TIME ZONE 'UTC'
	AND pg_has_role(c.relowner, 'USAGE')
	AND to_regclass('pg_catalog.pg_dist_partition') IS NULL -- with Citus, autovacuum of the server that has the rows does it
ORDER BY c.relname`

// Freeze vacuums the partitions of days that have ended: all of their rows are
// frozen and visible, so that index-only scans work and no later vacuum has
// anything to do, and the planner knows them. Late spans leave that to autovacuum, which
// analyzes such a day only once it has changed as a whole: another estimate for each call
// is a new version of a third of the rows, and changes nothing that the planner goes by, while
// an analysis took a fifth of the time of that. A partition that another collector is
// vacuuming is skipped.
func Freeze(ctx context.Context, pool Pool, schemaName string, now time.Time) error {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	parents := make([]string, len(dayTables))
	for i, table := range dayTables {
		parents[i] = schema.Table(schemaName, table)
	}
	rows, err := conn.Query(ctx, endedPartitions, parents, now.UTC().Format(time.DateOnly), freezeDays)
	if err != nil {
		return fmt.Errorf("list the partitions of days that have ended: %w", err)
	}
	names, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (table string, err error) {
		var schemaName, name string
		err = row.Scan(&schemaName, &name)
		return schema.Table(schemaName, name), err
	})
	if err != nil {
		return fmt.Errorf("list the partitions of days that have ended: %w", err)
	}
	var errs []error
	for _, name := range names {
		if _, err := conn.Exec(ctx, "VACUUM (FREEZE, ANALYZE, SKIP_LOCKED) "+name); err != nil {
			errs = append(errs, fmt.Errorf("vacuum %s: %w", name, err))
		}
		if err := analyzeSeldom(ctx, conn, name); err != nil {
			errs = append(errs, fmt.Errorf("set how often %s is analyzed: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

// analyzeSeldom has autovacuum analyze a partition only once it has changed as a whole. A
// collector that is vacuuming the partition does that itself: this one does not wait for it.
func analyzeSeldom(ctx context.Context, conn *pgxpool.Conn, name string) error {
	err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "SET LOCAL lock_timeout = '200ms'")
		if err == nil {
			_, err = tx.Exec(ctx, "ALTER TABLE "+name+" SET (autovacuum_analyze_scale_factor = 1)")
		}
		return err
	})
	if pgbatch.HasCode(err, pgbatch.LockNotAvailable) {
		return nil
	}
	return err
}
