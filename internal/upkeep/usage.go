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

// foldSteps is how many steps that fold nothing end a round: moving notes
// aside, drawing the barrier, folding. Where batches in flight hold the barrier up,
// the next round goes on.
const foldSteps = 3

// foldPause is what folding leaves to the writing, in parts of its time: where prices have
// changed for a month, 720 hours are folded again, 0.5 s for every twelve of 1,365 calls each.
const foldPause = 2

// postponedInterval is how soon a round follows that folded nothing, since days were priced
// again.
const postponedInterval = 20 * time.Second

// postponed reports whether the hours are not folded in this round, since days are priced
// again: side by side, the two would take more from the writing than each leaves to it, and
// the days that are priced next would be folded for nothing. One round in two is left out at
// most.
func (u *Upkeep) postponed(ctx context.Context, now time.Time) bool {
	if now.Sub(u.folded) >= 2*followInterval {
		return false
	}
	busy, err := u.repricing(ctx)
	u.warn(ctx, "Could not look for days to price again", "look for days to price again", err)
	return busy
}

// repricing reports whether days wait to be priced again.
func (u *Upkeep) repricing(ctx context.Context) (busy bool, err error) {
	conn, err := u.Pool.Acquire(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Release()
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM "+schema.Table(u.Schema, "llm_internal_days_to_price")+")").Scan(&busy)
	return busy, err
}

// FoldUsage sums up the hours that ended settleTime before now in llm_usage_hourly, those
// again that have changed since, and returns in how many transactions: each takes one hour,
// or several of a day.
func FoldUsage(ctx context.Context, pool Pool, schemaName string, now time.Time) (folds int, err error) {
	return foldUsage(ctx, pool, schemaName, now, 0)
}

// foldUsage is FoldUsage with a pause after each fold, in parts of the time it took. Meanwhile
// it holds no connection.
func foldUsage(ctx context.Context, pool Pool, schemaName string, now time.Time, pause float64) (folds int, err error) {
	for idle := 0; idle < foldSteps; {
		begin := time.Now()
		folded, err := fold(ctx, pool, schemaName, now)
		if err != nil {
			return folds, err
		}
		idle++
		if folded {
			folds, idle = folds+1, 0
			if err := sleep.For(ctx, time.Duration(pause*float64(time.Since(begin)))); err != nil {
				return folds, err
			}
		}
	}
	return folds, nil
}

// fold folds hours, or takes a step on the way there.
func fold(ctx context.Context, pool Pool, schemaName string, now time.Time) (folded bool, err error) {
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
