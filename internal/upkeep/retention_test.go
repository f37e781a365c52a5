package upkeep

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"
	"go.uber.org/zap/zaptest/observer"
	"golang.org/x/sync/errgroup"

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
		Overdue: func(string, int64) {},
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
	require.EqualValues(t, 5+1, removed["llm_spans"].Rows, "one a day, the first of the long trace, and the absurd one")
	require.Equal(t, 7, count(t, pool, "llm_spans"), "six days and the last span of the long trace")
	require.Equal(t, 7, count(t, pool, "llm_traces"), "six days and the trace that spans the dropped ones")
	require.Equal(t, 2*3+1, count(t, pool, "llm_contents"))
	require.Equal(t, 7, count(t, pool, "llm_resources"), "those with a span on a kept day")
	require.EqualValues(t, 5, removed["llm_resources"].Rows)

	dropped, err = r.Run(t.Context(), noon)
	require.NoError(t, err)
	require.False(t, dropped, "nothing left to do")
}

// TestClockThatIsAheadDropsNothing has upkeep run by a clock that is ten years ahead, and by one
// that is as far behind.
func TestClockThatIsAheadDropsNothing(t *testing.T) {
	now := time.Now().UTC().Truncate(24 * time.Hour).Add(12 * time.Hour)
	pool := fill(t, now, 10)
	core, logs := observer.New(zap.WarnLevel)
	dropped := 0
	u := &Upkeep{
		Pool: pool, Schema: schemaName, Logger: zap.New(core), Spans: 5 * 24 * time.Hour, Contents: 2 * 24 * time.Hour, Interval: time.Hour,
		EnsureDays: func(context.Context) error { return nil }, IdleSince: time.Now, Dropped: func() { dropped++ },
		Removed: func(context.Context, Removal) {}, Partitions: func(map[string]int64) {}, Overdue: func(string, int64) {},
	}
	u.maintain(t.Context(), now.AddDate(-10, 0, 0))
	require.Zero(t, dropped)
	u.maintain(t.Context(), now.AddDate(10, 0, 0))
	require.Equal(t, 1, dropped)
	require.Equal(t, 7, count(t, pool, "llm_spans"), "what is old by the other clock, too, has gone, and nothing else")
	require.Equal(t, 1, logs.FilterMessageSnippet("clocks").Len(), "once")
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
	r, removed := retention(t, pool, 24*time.Hour, 0)
	var late int64
	r.Overdue = func(_ string, days int64) { late = days }
	begin := time.Now()
	_, err = r.Run(t.Context(), noon)
	require.NoError(t, err)
	require.NotContains(t, removed, "llm_spans")
	require.Less(t, time.Since(begin), 30*time.Second)
	require.EqualValues(t, 3, late, "today and the day before stay")
	require.NoError(t, tx.Rollback(t.Context()))
	dropped, err := r.Run(t.Context(), noon)
	require.NoError(t, err)
	require.True(t, dropped)
	require.Equal(t, 3, removed["llm_spans"].Days)
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

// TestDaysGoUnderLoad has four writers whose transactions take 400 ms each and overlap.
func TestDaysGoUnderLoad(t *testing.T) {
	pool := fill(t, noon, 6)
	ctx, stop := context.WithCancel(t.Context())
	group, ctx := errgroup.WithContext(ctx)
	for writer := range 4 {
		group.Go(func() error {
			for n := 0; ctx.Err() == nil; n++ {
				err := pgx.BeginFunc(context.WithoutCancel(ctx), pool, func(tx pgx.Tx) error {
					_, err := tx.Exec(context.WithoutCancel(ctx), fmt.Sprintf(`INSERT INTO %s (trace_id, span_id, start_time, end_time, duration_us, span_kind, kind, status)
						VALUES (gen_random_uuid(), $1, $2, $2, 0, 'internal', 'other', 'unset')`, schema.Table(schemaName, "llm_spans")),
						fmt.Sprintf("%08x%08x", writer, n), noon)
					if err == nil {
						_, err = tx.Exec(context.WithoutCancel(ctx), "SELECT pg_sleep(0.4)")
					}
					return err
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	r, _ := retention(t, pool, 24*time.Hour, 0)
	var late int64
	r.Overdue = func(_ string, days int64) { late = days }
	rounds := 0
	for late = 1; late > 0 && rounds < 5; rounds++ {
		_, err := r.Run(t.Context(), noon)
		require.NoError(t, err)
	}
	stop()
	require.NoError(t, group.Wait())
	require.Zero(t, late)
	require.LessOrEqual(t, rounds, 3)
}

// TestTransactionOfAnotherDatabaseHoldsNothing keeps a transaction with a number open in
// another database of the server, then one in this database.
func TestTransactionOfAnotherDatabaseHoldsNothing(t *testing.T) {
	pool := fill(t, noon, 4)
	hold := func(url string) func() {
		conn, err := pgx.Connect(t.Context(), url)
		require.NoError(t, err)
		_, err = conn.Exec(t.Context(), "BEGIN; SELECT pg_current_xact_id()")
		require.NoError(t, err)
		return func() { require.NoError(t, conn.Close(context.Background())) }
	}
	note := func() {
		_, err := pool.Exec(t.Context(), fmt.Sprintf("INSERT INTO %s (hour) SELECT DISTINCT date_trunc('hour', start_time, 'UTC') FROM %s ON CONFLICT DO NOTHING",
			schema.Table(schemaName, "llm_usage_hours"), schema.Table(schemaName, "llm_spans")))
		require.NoError(t, err)
	}
	r, _ := retention(t, pool, 24*time.Hour, 0)
	note()
	release := hold(testserver.NewDatabase(t))
	hours, err := FoldUsage(t.Context(), pool, schemaName, noon)
	require.NoError(t, err)
	require.Equal(t, 4, hours)
	dropped, err := r.Run(t.Context(), noon)
	require.NoError(t, err)
	require.True(t, dropped)
	release()

	note()
	release = hold(pool.Config().ConnString())
	hours, err = FoldUsage(t.Context(), pool, schemaName, noon)
	require.NoError(t, err)
	require.Zero(t, hours, "it may be about to store a span of these hours")
	release()
	require.Eventually(t, func() bool {
		hours, err = FoldUsage(t.Context(), pool, schemaName, noon)
		return err == nil && hours > 0
	}, time.Minute, 10*time.Millisecond)
}

// TestWaitingRowsMove stores rows of a day that has no partition yet.
func TestWaitingRowsMove(t *testing.T) {
	pool := fill(t, noon, 2)
	waiting := noon.AddDate(0, 0, -3)
	_, err := pool.Exec(t.Context(), fmt.Sprintf(`INSERT INTO %s (id, day, body) VALUES (gen_random_uuid(), $1, '{}')`,
		schema.Table(schemaName, "llm_contents")), waiting)
	require.NoError(t, err)
	days, err := MoveWaiting(t.Context(), pool, schemaName, noon.AddDate(0, 0, -7), noon.AddDate(0, 0, 7))
	require.NoError(t, err)
	require.Equal(t, 1, days)
	require.Equal(t, 1, count(t, pool, "llm_contents_"+waiting.Format("20060102")))
	require.Equal(t, 2, count(t, pool, "llm_contents_default"), "the absurd day is not between")
	days, err = MoveWaiting(t.Context(), pool, schemaName, noon.AddDate(0, 0, -7), noon.AddDate(0, 0, 7))
	require.NoError(t, err)
	require.Zero(t, days)
}
