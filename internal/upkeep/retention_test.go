package upkeep

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zaptest"

	"github.com/llm-observatory/llmobservatoryexporter/internal/schema"
	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

const schemaName = `we"ird $$ $sql$ %1$s %`

// fill stores a trace and a content on each of the days before now, a trace that
// spans two days, and one of an absurd day.
func fill(t *testing.T, now time.Time, days int) *pgxpool.Pool {
	t.Helper()
	url := testserver.NewDatabase(t)
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	require.NoError(t, schema.Migrate(t.Context(), conn, schemaName))
	require.NoError(t, conn.Close(t.Context()))
	pool, err := pgxpool.New(context.Background(), url)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	store := func(trace int, start, end time.Time) {
		for _, at := range []time.Time{start, end} {
			_, err := pool.Exec(t.Context(), fmt.Sprintf(`INSERT INTO %s (trace_id, span_id, start_time, end_time, duration_us, span_kind, kind, status)
				VALUES (lpad(to_hex($1::int), 32, '0')::uuid, to_hex(extract(epoch FROM $2::timestamptz)::int), $2, $2, 0, 'internal', 'other', 'unset')
				ON CONFLICT DO NOTHING`, schema.Table(schemaName, "llm_spans")), trace, at)
			require.NoError(t, err)
			_, err = pool.Exec(t.Context(), fmt.Sprintf(`INSERT INTO %s VALUES (gen_random_uuid(), ($1::timestamptz AT TIME ZONE 'UTC')::date, '{}')`,
				schema.Table(schemaName, "llm_contents")), at)
			require.NoError(t, err)
		}
		_, err := pool.Exec(t.Context(), fmt.Sprintf(`INSERT INTO %s VALUES (gen_random_uuid(), '{}', ($1::timestamptz AT TIME ZONE 'UTC')::date)`,
			schema.Table(schemaName, "llm_resources")), end)
		require.NoError(t, err)
		_, err = pool.Exec(t.Context(), fmt.Sprintf(`INSERT INTO %s (id, trace_id, start_time, end_time, duration_us)
			VALUES (lpad(to_hex($1::int), 32, '0')::uuid, lpad(to_hex($1::int), 32, '0'), $2, $3, 0)`, schema.Table(schemaName, "llm_traces")), trace, start, end)
		require.NoError(t, err)
	}
	for i := range days {
		day := now.AddDate(0, 0, -i)
		_, err := pool.Exec(t.Context(), "SELECT "+schema.Table(schemaName, "llm_create_day")+"($1)", day.Format(time.DateOnly))
		require.NoError(t, err)
		store(i+1, day, day)
	}
	store(100, now.AddDate(0, 0, -days+1), now)
	store(200, time.Unix(0, 0), time.Unix(0, 0))
	return pool
}

func count(t *testing.T, pool *pgxpool.Pool, table string) (n int) {
	t.Helper()
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM "+schema.Table(schemaName, table)).Scan(&n))
	return n
}

func retention(t *testing.T, pool *pgxpool.Pool, spans, contents time.Duration) (*Retention, map[string]Removal) {
	removed := map[string]Removal{}
	return &Retention{
		Pool: pool, Schema: schemaName, Spans: spans, Contents: contents, Logger: zaptest.NewLogger(t),
		Removed: func(_ context.Context, r Removal) { removed[r.Table] = r },
	}, removed
}

var noon = time.Date(2026, 6, 20, 12, 0, 0, 0, time.UTC)

func TestOldDaysGoWordsSooner(t *testing.T) {
	pool := fill(t, noon, 10)
	r, removed := retention(t, pool, 5*24*time.Hour, 2*24*time.Hour)
	dropped, err := r.Run(t.Context(), noon)
	require.NoError(t, err)
	require.True(t, dropped)
	require.Equal(t, 7, removed["llm_contents"].Days, "two whole days and today stay")
	require.Equal(t, 4, removed["llm_spans"].Days)
	require.Positive(t, removed["llm_spans"].Bytes)
	require.Equal(t, 7, count(t, pool, "llm_spans"), "six days and the last span of the long trace")
	require.Equal(t, 7, count(t, pool, "llm_traces"), "six days and the trace that spans the dropped ones")
	require.Equal(t, 2*3+1, count(t, pool, "llm_contents"))
	require.Equal(t, 7, count(t, pool, "llm_resources"), "those with a span on a kept day")
	require.EqualValues(t, 5, removed["llm_resources"].Rows)

	dropped, err = r.Run(t.Context(), noon)
	require.NoError(t, err)
	require.False(t, dropped, "nothing left to do")
}

func TestZeroKeepsForEver(t *testing.T) {
	pool := fill(t, noon, 3)
	r, removed := retention(t, pool, 0, 0)
	_, err := r.Run(t.Context(), noon.AddDate(10, 0, 0))
	require.NoError(t, err)
	require.Empty(t, removed)
	require.Equal(t, 6, count(t, pool, "llm_spans"))
}

// TestLongQueryDelaysDropping holds a lock on the table as a long query does.
func TestLongQueryDelaysDropping(t *testing.T) {
	pool := fill(t, noon, 5)
	tx, err := pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "SELECT count(*) FROM "+schema.Table(schemaName, "llm_spans"))
	require.NoError(t, err)
	r, _ := retention(t, pool, 24*time.Hour, 0)
	begin := time.Now()
	dropped, err := r.Run(t.Context(), noon)
	require.NoError(t, err)
	require.False(t, dropped)
	require.Less(t, time.Since(begin), 5*time.Second)
	require.NoError(t, tx.Rollback(t.Context()))
	dropped, err = r.Run(t.Context(), noon)
	require.NoError(t, err)
	require.True(t, dropped)
}

// TestOneCollectorAtATime holds the lock of another collector's round.
func TestOneCollectorAtATime(t *testing.T) {
	pool := fill(t, noon, 5)
	tx, err := pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", schemaName+".llm_retention")
	require.NoError(t, err)
	r, removed := retention(t, pool, 24*time.Hour, 24*time.Hour)
	_, err = r.Run(t.Context(), noon)
	require.NoError(t, err)
	require.Empty(t, removed)
	require.NoError(t, tx.Rollback(t.Context()))
}
