package upkeep

import (
	"context"
	"fmt"
	"time"

	"github.com/llm-observatory/llmobservatoryexporter/internal/schema"
)

// MoveWaiting moves rows that wait in a default partition, of days from first to last,
// to partitions of their own, and returns how many days it made.
func MoveWaiting(ctx context.Context, pool Pool, schemaName string, first, last time.Time) (days int, err error) {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Release()
	sql := "SELECT " + schema.Table(schemaName, "llm_internal_move_waiting") + "($1, $2)"
	for {
		var moved *time.Time
		err := conn.QueryRow(ctx, sql, first.UTC().Format(time.DateOnly), last.UTC().Format(time.DateOnly)).Scan(&moved)
		if err != nil {
			return days, fmt.Errorf("move rows out of the default partitions: %w", err)
		}
		if moved == nil {
			return days, nil
		}
		days++
	}
}
