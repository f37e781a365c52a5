package upkeep

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/llm-observatory/llmobservatoryexporter/internal/schema"
	"github.com/llm-observatory/llmobservatoryexporter/internal/sleep"
)

// settleTime is how long after its end an hour is folded: most of its spans have
// arrived by then, and what comes later makes it be folded again.
const settleTime = 5 * time.Minute

// foldSteps is how many steps without a folded hour end a round: moving notes
// aside, drawing the barrier, folding. Where batches in flight hold the barrier up,
// the next round goes on.
const foldSteps = 3

// foldPause is what folding an hour leaves to the writing, in parts of its time: where
// prices have changed for a month, 720 hours are folded again, 93 ms each for 1,365 calls.
const foldPause = 2

// FoldUsage sums up the hours that ended settleTime before now in
// llm_usage_hourly, those again that have changed since, each in a transaction of
// its own, and returns how many.
func FoldUsage(ctx context.Context, pool Pool, schemaName string, now time.Time) (hours int, err error) {
	return foldUsage(ctx, pool, schemaName, now, 0)
}

// foldUsage is FoldUsage with a pause after each hour, in parts of the time it took. Meanwhile
// it holds no connection.
func foldUsage(ctx context.Context, pool Pool, schemaName string, now time.Time, pause float64) (hours int, err error) {
	for idle := 0; idle < foldSteps; {
		begin := time.Now()
		folded, err := foldHour(ctx, pool, schemaName, now)
		if err != nil {
			return hours, err
		}
		idle++
		if folded {
			hours, idle = hours+1, 0
			if err := sleep.For(ctx, time.Duration(pause*float64(time.Since(begin)))); err != nil {
				return hours, err
			}
		}
	}
	return hours, nil
}

// foldHour folds an hour, or takes a step on the way there.
func foldHour(ctx context.Context, pool Pool, schemaName string, now time.Time) (folded bool, err error) {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Release()
	var hour *time.Time
	err = alone(ctx, conn.Conn(), schemaName, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, "SELECT "+schema.Table(schemaName, "llm_fold_usage")+"($1)", now.Add(-settleTime)).Scan(&hour)
	})
	if err != nil {
		return false, fmt.Errorf("fold usage: %w", err)
	}
	return hour != nil, nil
}
