package acceptance

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zaptest"

	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
	"github.com/llm-observatory/llmobservatoryexporter/internal/upkeep"
)

// Sums by day, as the calls and the views of usage tell them.
const (
	sumsOfCalls = `SELECT day::text, sum(calls), sum(failed), sum(tools), sum(tokens), sum(cost) FROM (
		SELECT (start_time AT TIME ZONE 'UTC')::date AS day, is_call::int AS calls, failed::int AS failed, 0 AS tools, total_tokens AS tokens, total_cost AS cost FROM llm_call_facts
		UNION ALL SELECT (start_time AT TIME ZONE 'UTC')::date, 0, failed::int, 1, NULL, NULL FROM llm_tool_facts) x GROUP BY 1 ORDER BY 1`
	sumsOfUsage = `SELECT (hour AT TIME ZONE 'UTC')::date::text, sum(calls), sum(errors), sum(tool_calls), sum(total_tokens), sum(total_cost) FROM llm_usage GROUP BY 1 ORDER BY 1`
	sumsOfDays  = `SELECT day::text, sum(calls), sum(errors), sum(tool_calls), sum(total_tokens), sum(total_cost) FROM llm_usage_daily GROUP BY 1 ORDER BY 1`
)

// TestFiguresAgreeAsRowsComeAndGo stores two days in a random order, with late spans,
// erases a session and a user, and drops the older day. After each step all views tell
// the same, before hours are folded and after.
func TestFiguresAgreeAsRowsComeAndGo(t *testing.T) {
	url, db := storetest.Open(t)
	e := startExporterAt(t, url, nil)
	now := time.Now()
	agree := func(step string) {
		t.Helper()
		rowcheck.Agree(t, db)
		foldAll(t, db, now)
		rowcheck.Agree(t, db)
		calls := lines(t, db, sumsOfCalls)
		require.Equal(t, calls, lines(t, db, sumsOfUsage), step)
		require.Equal(t, calls, lines(t, db, sumsOfDays), step)
	}
	n := len(sampleSpans)
	order := rand.New(rand.NewPCG(16, 3)).Perm(2 * n)
	send := func(places []int) {
		for _, i := range places {
			td := sampleSpans[i%n].traces()
			if i >= n {
				shift(td, -3*24*time.Hour)
				span := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
				id := span.TraceID()
				id[15] = 9
				span.SetTraceID(id)
			}
			consume(t, e, td)
		}
	}
	send(order[:n])
	agree("half of the spans")
	send(order[n:])
	agree("late spans")

	require.Positive(t, erase(t, db, "session", "s5a").spans)
	agree("a session erased")
	ofBob := `SELECT FROM llm_usage_daily WHERE user_id = 'bob'`
	require.Positive(t, countRows(t, db, ofBob))
	require.Positive(t, erase(t, db, "user", "bob").spans)
	require.Zero(t, countRows(t, db, ofBob), "daily sums know the erased user no more")
	agree("a user erased")
	require.Zero(t, countRows(t, db, ofBob), "nor once the hours are folded")

	before := lines(t, db, sumsOfUsage)
	stored := countRows(t, db, "SELECT FROM llm_spans")
	retention := upkeep.Retention{
		Pool: db, Schema: "public", Spans: 4 * 24 * time.Hour, Logger: zaptest.NewLogger(t),
		Removed: func(context.Context, upkeep.Removal) {}, Overdue: func(string, int64) {},
	}
	require.Eventually(t, func() bool { // a day whose lock cannot be had at once is left for the next round
		_, err := retention.Run(t.Context(), now)
		require.NoError(t, err)
		return countRows(t, db, "SELECT FROM llm_spans") < stored
	}, 20*time.Second, 5*time.Millisecond)
	require.Positive(t, countRows(t, db, "SELECT FROM llm_spans"))
	require.Equal(t, 2, countRows(t, db, `SELECT FROM llm_erasures`), "what was erased stays known")
	require.Equal(t, before, lines(t, db, sumsOfUsage), "sums outlive their spans")
	require.Equal(t, before, lines(t, db, sumsOfDays))
	kept := lines(t, db, sumsOfCalls)
	require.NotEmpty(t, kept)
	require.Contains(t, before, "\n"+kept, "the day that is left is told as before")
}
