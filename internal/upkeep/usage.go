package upkeep

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/llm-observatory/llmobservatoryexporter/internal/schema"
)

// settleTime is how long after its end an hour is folded: most of its spans have
// arrived by then, and what comes later makes it be folded again.
const settleTime = 5 * time.Minute

// foldSteps is how many steps without a folded hour end a round: moving notes
// aside, drawing the barrier, folding. Where batches in flight hold the barrier up,
// the next round goes on.
const foldSteps = 3

// FoldUsage sums up the hours that ended settleTime before now in
// llm_usage_hourly, those again that have changed since, each in a transaction of
// its own, and returns how many.
func FoldUsage(ctx context.Context, pool Pool, schemaName string, now time.Time) (hours int, err error) {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Release()
	sql := "SELECT " + schema.Table(schemaName, "llm_fold_usage") + "($1)"
	for idle := 0; idle < foldSteps; {
		var folded *time.Time
		err := alone(ctx, conn.Conn(), schemaName, func(tx pgx.Tx) error {
			return tx.QueryRow(ctx, sql, now.Add(-settleTime)).Scan(&folded)
		})
		if err != nil {
			return hours, fmt.Errorf("fold usage: %w", err)
		}
		idle++
		if folded != nil {
			hours, idle = hours+1, 0
		}
	}
	return hours, nil
}
