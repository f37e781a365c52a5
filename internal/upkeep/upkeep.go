// Package upkeep keeps the tables in shape beside the writing: it folds usage by
// the hour, removes what is older than the configured retention and freezes days
// that have ended. One collector at a time works on a schema, step by step in
// short transactions; the others skip their round.
package upkeep

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/llm-observatory/llmobservatoryexporter/internal/schema"
)

// Pool hands out connections.
type Pool interface {
	Acquire(ctx context.Context) (*pgxpool.Conn, error)
}

// alone runs f in a transaction unless another collector is at it. The lock ends
// with the transaction, so it works through PgBouncer's transaction mode too.
func alone(ctx context.Context, conn *pgx.Conn, schemaName string, f func(pgx.Tx) error) error {
	return pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		var mine bool
		err := tx.QueryRow(ctx, "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))", schemaName+".llm_retention").Scan(&mine)
		if err != nil || !mine {
			return err
		}
		return f(tx)
	})
}

// dayTables are the tables that have a partition a day.
var dayTables = [...]string{"llm_spans", "llm_contents", "llm_events", "llm_scores"}

// Partitions counts the day partitions of each partitioned table.
func Partitions(ctx context.Context, pool Pool, schemaName string) (map[string]int64, error) {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release()
	counts := map[string]int64{}
	for _, table := range dayTables {
		var n int64
		err := conn.QueryRow(ctx, `SELECT count(*) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
			WHERE i.inhparent = to_regclass($1) AND c.relname ~ ('^' || $2 || '_[0-9]{8}$')`, schema.Table(schemaName, table), table).Scan(&n)
		if err != nil {
			return nil, fmt.Errorf("count the partitions of %s: %w", table, err)
		}
		counts[table] = n
	}
	return counts, nil
}
