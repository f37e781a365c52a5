package store

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// TestDayOfARolledBackTransactionIsNotKnown makes a day in a transaction that fails.
func TestDayOfARolledBackTransactionIsNotKnown(t *testing.T) {
	url, pool := storetest.Open(t)
	s := New("public")
	days := s.Days(48 * time.Hour)
	today := DayOf(time.Now())
	partition := func() (found bool) {
		require.NoError(t, pool.QueryRow(t.Context(), "SELECT to_regclass('llm_spans_' || to_char(CURRENT_TIMESTAMP AT TIME ZONE 'UTC', 'YYYYMMDD')) IS NOT NULL").Scan(&found))
		return found
	}
	failed := errors.New("the batch fails")
	require.ErrorIs(t, pgbatch.Run(t.Context(), storetest.Pool(t, url), true, func(c *pgbatch.Conn, _ bool) error {
		require.NoError(t, c.Exec(t.Context(), pgbatch.Statement{What: "begin", SQL: "BEGIN"}))
		require.NoError(t, days.Ensure(t.Context(), c, []int32{today}))
		return failed
	}), failed)
	require.False(t, partition())
	require.NoError(t, pgbatch.With(t.Context(), storetest.Pool(t, url), func(c *pgbatch.Conn) error { return days.Ensure(t.Context(), c, []int32{today}) }))
	require.True(t, partition(), "the day was made anew")
}
