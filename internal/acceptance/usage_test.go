package acceptance

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap/zaptest"
	"golang.org/x/sync/errgroup"

	"github.com/llm-observatory/llmobservatoryexporter"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
	"github.com/llm-observatory/llmobservatoryexporter/internal/upkeep"
)

// shift moves all spans of td.
func shift(td ptrace.Traces, by time.Duration) {
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				span.SetStartTimestamp(pcommon.NewTimestampFromTime(span.StartTimestamp().AsTime().Add(by)))
				span.SetEndTimestamp(pcommon.NewTimestampFromTime(span.EndTimestamp().AsTime().Add(by)))
			}
		}
	}
}

// foldAll folds until nothing is left to fold.
func foldAll(t *testing.T, db *pgxpool.Pool, now time.Time) {
	t.Helper()
	require.Eventually(t, func() bool {
		_, err := upkeep.FoldUsage(t.Context(), db, "public", now)
		require.NoError(t, err)
		var left int
		require.NoError(t, db.QueryRow(t.Context(), `SELECT count(*) FROM llm_usage_hours WHERE hour <= $1`, now.Add(-2*time.Hour)).Scan(&left))
		return left == 0
	}, 20*time.Second, time.Millisecond)
}

func usageOf(t *testing.T, db *pgxpool.Pool) (spans, calls, tokens int) {
	t.Helper()
	require.NoError(t, db.QueryRow(t.Context(), `SELECT sum(spans), sum(calls), sum(total_tokens) FROM llm_usage`).Scan(&spans, &calls, &tokens))
	return spans, calls, tokens
}

// TestUsageEqualsTheSpansAtAnyMoment folds all the time while several senders bring
// the spans of the same hours in random order, with agents and outer calls that
// stop counting when inner ones arrive, and compares meanwhile.
func TestUsageEqualsTheSpansAtAnyMoment(t *testing.T) {
	url, db := storetest.Open(t)
	e := startExporterAt(t, url, nil)
	// A statement that PostgreSQL has planned before a partition is attached reads nothing of it.
	_, err := db.Exec(t.Context(), `SELECT llm_create_day(((now() - interval '4 hours') AT TIME ZONE 'UTC')::date)`)
	require.NoError(t, err)
	traces, spans := agentTraces(11, 60)
	var batches []ptrace.Traces
	for i, td := range traces {
		shift(td, -time.Duration(i%5)*time.Hour)
		batches = append(batches, spanByBatch(td)...)
	}
	later := time.Now().Add(3 * time.Hour)
	ctx, stop := context.WithCancel(t.Context())
	folding, ctx := errgroup.WithContext(ctx)
	var folded int
	folding.Go(func() error {
		for ctx.Err() == nil {
			n, err := upkeep.FoldUsage(context.WithoutCancel(ctx), db, "public", later)
			if err != nil {
				return err
			}
			folded += n
		}
		return nil
	})
	senders, _ := errgroup.WithContext(t.Context())
	order := rand.New(rand.NewPCG(5, 6)).Perm(len(batches))
	for sender := range 4 {
		senders.Go(func() error {
			for i, at := range order {
				if i%4 != sender {
					continue
				}
				if err := e.ConsumeTraces(t.Context(), batches[at]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	sent := make(chan error, 1)
	go func() { sent <- senders.Wait() }()
	for compared := false; !compared; {
		select {
		case err := <-sent:
			require.NoError(t, err)
			compared = true
		default:
		}
		rowcheck.Usage(t, db)
	}
	stop()
	require.NoError(t, folding.Wait())
	require.Greater(t, folded, 5, "hours were folded while spans arrived")
	foldAll(t, db, later)
	rowcheck.Spans(t, db, spans)
	var live int
	require.NoError(t, db.QueryRow(t.Context(), `SELECT count(*) FROM llm_usage_hours`).Scan(&live))
	require.Zero(t, live, "all of it is read from llm_usage_hourly")
}

// TestUsageOutlivesItsSpans drops days, and spans that arrive for them later.
func TestUsageOutlivesItsSpans(t *testing.T) {
	url, db := storetest.Open(t)
	e := startExporterAt(t, url, nil)
	old, spans := agentTraces(12, 5)
	for _, td := range old {
		shift(td, -5*24*time.Hour)
		consume(t, e, td)
	}
	_, calls, tokens := usageOf(t, db)
	retention := upkeep.Retention{
		Pool: db, Schema: "public", Spans: 48 * time.Hour, Logger: zaptest.NewLogger(t),
		Removed: func(context.Context, upkeep.Removal) {}, Overdue: func(string, int64) {},
	}
	now := time.Now()
	_, err := retention.Run(t.Context(), now)
	require.NoError(t, err)
	require.NotEmpty(t, column[string](t, db, "SELECT span_id FROM llm_spans"), "a day is kept until its usage is folded")
	for round := 1; round <= 2; round++ {
		foldAll(t, db, now)
		require.Eventually(t, func() bool { // a day whose lock cannot be had at once is left for the next round
			_, err := retention.Run(t.Context(), now)
			require.NoError(t, err)
			return countRows(t, db, `SELECT FROM llm_spans`) == 0
		}, 20*time.Second, 5*time.Millisecond)
		gotSpans, gotCalls, gotTokens := usageOf(t, db)
		require.Equal(t, []int{round * spans, round * calls, round * tokens}, []int{gotSpans, gotCalls, gotTokens})
		// The same again under other ids, late: an exporter with retention puts them
		// into the default partition.
		e = startExporterAt(t, url, func(cfg *llmobservatoryexporter.Config) { cfg.Retention.Spans = 48 * time.Hour })
		again, _ := agentTraces(12, 5)
		for _, td := range again {
			shift(td, -5*24*time.Hour)
			for _, span := range td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
				id := span.TraceID()
				id[0] = byte(round)
				span.SetTraceID(id)
			}
			consume(t, e, td)
		}
	}
}

// TestUsageHistogramsGiveQuantiles compares quantiles read from merged histograms
// with the exact ones.
func TestUsageHistogramsGiveQuantiles(t *testing.T) {
	_, db := startExporter(t, nil)
	for _, fraction := range []float64{0, 0.5, 0.95, 0.99, 1} {
		var exact, read float64
		require.NoError(t, db.QueryRow(t.Context(), `WITH v AS (SELECT g % 7 AS part, (exp(g % 1000 / 60.0) * 10)::bigint AS value FROM generate_series(1, 20000) g)
			SELECT (SELECT percentile_disc($1) WITHIN GROUP (ORDER BY value) FROM v),
				(SELECT llm_histogram_quantile(llm_histogram_sum(h), $1) FROM (SELECT llm_histogram(llm_histogram_bucket(value), 1) AS h FROM v GROUP BY part) p)`, fraction).Scan(&exact, &read))
		require.InEpsilon(t, exact, read, 0.025, "quantile %g", fraction)
	}
	var none *float64
	require.NoError(t, db.QueryRow(t.Context(), `SELECT llm_histogram_quantile(llm_histogram(g, 1), 0.5) FROM generate_series(1, 0) g`).Scan(&none))
	require.Nil(t, none)
}

// TestUsageReadsOnlyLiveHours asks for a chart: folded hours come from
// llm_usage_hourly, and no partition of spans but those of live hours is read.
func TestUsageReadsOnlyLiveHours(t *testing.T) {
	url, db := storetest.Open(t)
	e := startExporterAt(t, url, nil)
	traces, _ := agentTraces(13, 6)
	for i, td := range traces {
		shift(td, -time.Duration(i)*24*time.Hour)
		consume(t, e, td)
	}
	foldAll(t, db, time.Now())
	conn, err := pgx.Connect(t.Context(), url) // a session that has counted nothing yet
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(context.WithoutCancel(t.Context()))) }()
	tx, err := conn.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), `SELECT hour::date, model, sum(total_tokens), sum(total_cost) FROM llm_usage
		WHERE hour > now() - interval '30 days' GROUP BY 1, 2`)
	require.NoError(t, err)
	rows, err := tx.Query(t.Context(), `SELECT relname FROM pg_stat_xact_user_tables
		WHERE relname ~ '^llm_spans_' AND coalesce(seq_scan, 0) + coalesce(idx_scan, 0) > 0`)
	require.NoError(t, err)
	read, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	today := traces[0].ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).StartTimestamp().AsTime()
	require.Equal(t, []string{"llm_spans_" + today.UTC().Format("20060102")}, read)
}
