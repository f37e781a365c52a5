package acceptance

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// TestMovedEventsArePricedAgain lets the spans of calls come after their records while the day is priced again: the
// records' calls go from traces that still wait for that to traces that may be done.
func TestMovedEventsArePricedAgain(t *testing.T) {
	url, db := storetest.Open(t)
	c := startBoth(t, url, nil)
	for _, r := range loadRuns(t) {
		sendLogs(t, c, r.logs)
		// Another collector is at these days, so that ours leaves them alone.
		tx, err := db.Begin(t.Context())
		require.NoError(t, err)
		_, err = db.Exec(t.Context(), `INSERT INTO llm_internal_days_to_price (day) SELECT DISTINCT (start_time AT TIME ZONE 'UTC')::date FROM llm_spans ON CONFLICT DO NOTHING`)
		require.NoError(t, err)
		_, err = tx.Exec(t.Context(), "SELECT FROM llm_internal_days_to_price FOR UPDATE")
		require.NoError(t, err)
		_, err = tx.Exec(t.Context(), "CREATE TEMP TABLE before ON COMMIT DROP AS TABLE llm_internal_event_places")
		require.NoError(t, err)
		sendTraces(t, c, r.traces)
		var moved, noted int
		require.NoError(t, tx.QueryRow(t.Context(), `SELECT count(DISTINCT (p.start_time AT TIME ZONE 'UTC')::date),
			(SELECT count(*) FROM llm_internal_price_changes WHERE since = until)
			FROM llm_internal_event_places p LEFT JOIN before b USING (origin, span_id, start_time)
			WHERE p.trace_id <> coalesce(b.trace_id, p.origin)`).Scan(&moved, &noted))
		require.NoError(t, tx.Rollback(t.Context()))
		if moved > 0 {
			require.Equal(t, moved, noted, r.Name)
			return
		}
	}
	t.Fatal("no record's call moved")
}
