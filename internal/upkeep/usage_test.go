package upkeep

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zaptest"

	"github.com/llm-observatory/llmobservatoryexporter/internal/schema"
)

// TestHoursOfADayAreFoldedTogether folds the hours of two days again: as many at once as are not too much for one
// transaction, with the sums that each has by itself.
func TestHoursOfADayAreFoldedTogether(t *testing.T) {
	pool := fill(t, noon, 2)
	table := func(name string) string { return schema.Table(schemaName, name) }
	exec := func(sql string, args ...any) {
		t.Helper()
		_, err := pool.Exec(t.Context(), sql, args...)
		require.NoError(t, err)
	}
	first := noon.Truncate(24*time.Hour).AddDate(0, 0, -1)
	for i := range 24 {
		exec(fmt.Sprintf(`INSERT INTO %s (trace_id, span_id, start_time, end_time, duration_us, span_kind, kind, status, counted, usage_counted, input_tokens, service_name, user_id)
			SELECT lpad('1', 32, '0')::uuid, to_hex($2::int), $1, $1, 7, 'client', 'llm', 'unset', true, true, $2, 's' || $2 %% 3, 'u' || $2 %% 5`, table("llm_spans")),
			first.Add(time.Duration(i)*2*time.Hour), i+1)
	}
	hours := func() (n int) {
		t.Helper()
		exec(fmt.Sprintf("INSERT INTO %s (hour) SELECT DISTINCT date_trunc('hour', start_time, 'UTC') FROM %s WHERE start_time >= $1", table("llm_usage_hours"), table("llm_spans")), first)
		var sums [2]string
		for i := range sums {
			require.NoError(t, pool.QueryRow(t.Context(), fmt.Sprintf(`SELECT jsonb_build_array(
					(SELECT jsonb_agg(to_jsonb(u) ORDER BY to_jsonb(u)) FROM %s u), (SELECT jsonb_agg(to_jsonb(u) ORDER BY to_jsonb(u)) FROM %s u))`,
				table("llm_usage"), table("llm_usage_daily"))).Scan(&sums[i]))
			if i == 0 {
				var err error
				n, err = FoldUsage(t.Context(), pool, schemaName, noon.AddDate(0, 0, 2))
				require.NoError(t, err)
				require.Zero(t, count(t, pool, "llm_usage_hours"))
			}
		}
		require.JSONEq(t, sums[0], sums[1])
		return n
	}
	require.Equal(t, 24, hours(), "nobody knows how many spans they have")
	require.Equal(t, 2, hours(), "each day at once")
	exec(fmt.Sprintf("UPDATE %s SET spans = 60000 WHERE hour = $1", table("llm_usage_hourly")), first.Add(8*time.Hour))
	require.Equal(t, 4, hours(), "before the large hour, the large hour, after it, the other day")
}

// TestFoldingWaitsForPrices has a day that is priced again, whose hours are folded once that is done, or after two
// rounds.
func TestFoldingWaitsForPrices(t *testing.T) {
	pool := fill(t, noon, 1)
	_, err := pool.Exec(t.Context(), fmt.Sprintf("INSERT INTO %s (hour) VALUES ($1)", schema.Table(schemaName, "llm_usage_hours")), noon)
	require.NoError(t, err)
	_, err = pool.Exec(t.Context(), fmt.Sprintf("INSERT INTO %s (day) VALUES ($1)", schema.Table(schemaName, "llm_internal_days_to_price")), noon)
	require.NoError(t, err)
	now := noon.Add(24 * time.Hour)
	u := &Upkeep{
		Pool: pool, Schema: schemaName, Logger: zaptest.NewLogger(t), IdleSince: func() time.Time { return now },
		Erased: func(context.Context, []string) error { return nil }, folded: now.Add(-followInterval),
	}
	require.Equal(t, postponedInterval, u.follow(t.Context(), now))
	require.Equal(t, 1, count(t, pool, "llm_usage_hours"))
	now = now.Add(followInterval)
	require.Equal(t, followInterval, u.follow(t.Context(), now))
	require.Zero(t, count(t, pool, "llm_usage_hours"))
}
