package write

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zaptest"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
	"github.com/llm-observatory/llmobservatoryexporter/internal/upkeep"
)

// TestViewsAgreeOverRandomForests stores random forests of several hours and days in
// random orders, with late spans, erases a user, a session and traces, and drops the
// words and the spans of old days. After each step every view tells the same, before
// hours are folded and after. AGREE_ROUNDS asks for more rounds than one, from round
// AGREE_FIRST_ROUND on.
func TestViewsAgreeOverRandomForests(t *testing.T) {
	rounds, err := strconv.Atoi(os.Getenv("AGREE_ROUNDS"))
	if err != nil {
		rounds = 1
	}
	first, _ := strconv.Atoi(os.Getenv("AGREE_FIRST_ROUND"))
	for round := first; round < first+rounds; round++ {
		t.Run(fmt.Sprint("round ", round), func(t *testing.T) { agreeOverForests(t, uint64(round), 40) })
	}
}

func agreeOverForests(t *testing.T, round uint64, traces int) {
	w, pool := newWriter(t)
	r := rand.New(rand.NewPCG(round, 16))
	now := time.Now()
	agree := func(step string) {
		t.Helper()
		t.Log(step)
		rowcheck.Agree(t, pool)
		fold(t, pool, now)
		rowcheck.Agree(t, pool)
	}
	const keep = 48 * time.Hour
	kept := now.UTC().Truncate(24 * time.Hour).Add(-keep)
	var early, late, last [][]mapping.Span
	for seed := range traces {
		spans := gatewayTrace(r)
		if seed%4 > 0 {
			spans = randomTrace(r, []int{4, 12, 30}[seed%3], seed%2 == 1)
		}
		spread(r, spans, store.DayOf(kept))
		batches := randomBatches(r, spans)
		half := r.IntN(len(batches) + 1)
		early, late = append(early, batches[:half]...), append(late, batches[half:]...)
		last = append(last, batches[r.IntN(len(batches))])
	}
	send := func(batches [][]mapping.Span, since int32) {
		r.Shuffle(len(batches), func(i, j int) { batches[i], batches[j] = batches[j], batches[i] })
		for _, batch := range batches {
			var kept []mapping.Span
			for _, s := range batch {
				if s.Day >= since {
					kept = append(kept, s)
				}
			}
			if len(kept) > 0 {
				write(t, w, kept...)
			}
		}
	}
	send(early, 0)
	agree("half of the batches")
	send(late, 0)
	agree("late batches")
	for _, erase := range []string{
		"SELECT llm_erase_user('ann')", "SELECT llm_erase_session('s1')", "SELECT llm_erase_session('s2', whole_trace => true)",
		"SELECT llm_erase_trace(trace_id) FROM llm_traces ORDER BY trace_id LIMIT 5",
	} {
		_, err := pool.Exec(t.Context(), erase)
		require.NoError(t, err, erase)
		agree(erase)
	}
	send(early, 0)
	agree("what was erased comes again")

	dropDays(t, pool, now, 24*time.Hour, keep)
	rowcheck.AgreeSince(t, pool, kept)
	send(last, store.DayOf(kept))
	rowcheck.AgreeSince(t, pool, kept)
	fold(t, pool, now)
	rowcheck.AgreeSince(t, pool, kept)
}

// spread puts the spans of a trace on one of some days, apart by µs, or by parts of hours
// and days; all before a day, or none. Of a trace that retention has cut, sums keep what
// the spans that are gone told of calls that are left.
func spread(r *rand.Rand, spans []mapping.Span, day int32) {
	base := spans[0].Start
	back := int64(r.IntN(5)) * 24 * hour
	factor := []int64{1, 1, hour / 25, hour}[r.IntN(4)]
	first, last := int32(math.MaxInt32), int32(0)
	for i := range spans {
		s := &spans[i]
		s.Start, s.End = base-back-hour+(s.Start-base-100)*factor, base-back-hour+(s.End-base-100)*factor
		s.Day = store.DayOf(time.UnixMicro(s.Start))
		first, last = min(first, s.Day), max(last, s.Day)
	}
	for i := range spans {
		if first < day && last >= day {
			s := &spans[i]
			s.Start, s.End, s.Day = s.Start-int64(last-day+1)*24*hour, s.End-int64(last-day+1)*24*hour, s.Day-(last-day+1)
		}
	}
}

// fold folds until no hour of before now is left.
func fold(t *testing.T, pool *pgxpool.Pool, now time.Time) {
	t.Helper()
	require.Eventually(t, func() bool {
		_, err := upkeep.FoldUsage(t.Context(), pool, "public", now)
		require.NoError(t, err)
		var left int
		require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM llm_usage_hours WHERE hour <= $1", now.Add(-2*time.Hour)).Scan(&left))
		return left == 0
	}, time.Minute, time.Millisecond)
}

// dropDays removes words and spans that are older than two durations.
func dropDays(t *testing.T, pool *pgxpool.Pool, now time.Time, words, spans time.Duration) {
	t.Helper()
	retention := upkeep.Retention{
		Pool: pool, Schema: "public", Spans: spans, Contents: words, Logger: zaptest.NewLogger(t),
		Removed: func(context.Context, upkeep.Removal) {}, Overdue: func(string, int64) {},
	}
	limit := now.UTC().Truncate(24 * time.Hour).Add(-spans)
	require.Eventually(t, func() bool { // a day whose lock cannot be had at once is left for the next round
		_, err := retention.Run(t.Context(), now)
		require.NoError(t, err)
		var left int
		require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM llm_spans WHERE start_time < $1", limit).Scan(&left))
		return left == 0
	}, time.Minute, 5*time.Millisecond)
}
