package acceptance

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
)

// flagsOfSpans is one text for each stored span with what counts of it.
const flagsOfSpans = `SELECT concat_ws(' ', trace_id, span_id, source, name, start_time, counted, usage_counted, cost_counted, estimate_counted) FROM llm_spans ORDER BY 1`

// requireCountedAlike requires that all traces, counted anew as after an erasure, have the flags that batches gave their spans.
func requireCountedAlike(t *testing.T, db *pgxpool.Pool) {
	t.Helper()
	before := column[string](t, db, flagsOfSpans)
	tx, err := db.Begin(t.Context())
	require.NoError(t, err)
	defer func() { _ = tx.Rollback(context.Background()) }()
	_, err = tx.Exec(t.Context(), `DELETE FROM llm_internal_pairs WHERE effects IS NULL`)
	require.NoError(t, err)
	for _, count := range []string{"llm_internal_count_again", "llm_internal_count_estimates_again"} {
		_, err = tx.Exec(t.Context(), `SELECT `+count+`(id, start_time, end_time) FROM llm_traces`)
		require.NoError(t, err)
	}
	var changed []string
	for i, line := range column[string](t, tx, flagsOfSpans) {
		if line != before[i] {
			changed = append(changed, before[i]+", counted anew "+line)
		}
	}
	require.Empty(t, changed)
}
