package upkeep

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/llm-observatory/llmobservatoryexporter/internal/schema"
)

// ErasedAfter returns the hex ids of the traces that were erased after a time, as
// Postgres tells it, and the time of the last of them.
func ErasedAfter(ctx context.Context, pool Pool, schemaName string, after time.Time) (traces []string, last time.Time, err error) {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return nil, after, err
	}
	defer conn.Release()
	rows, err := conn.Query(ctx, "SELECT trace_id, erased_at FROM "+schema.Table(schemaName, "llm_erased_after")+"($1)", after)
	if err != nil {
		return nil, after, fmt.Errorf("ask for erased traces: %w", err)
	}
	last = after
	var (
		trace string
		at    time.Time
	)
	_, err = pgx.ForEachRow(rows, []any{&trace, &at}, func() error {
		traces = append(traces, trace)
		if at.After(last) {
			last = at
		}
		return nil
	})
	if err != nil {
		return nil, after, fmt.Errorf("ask for erased traces: %w", err)
	}
	return traces, last, nil
}
