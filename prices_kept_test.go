package llmobservatoryexporter

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/exporter"

	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/upkeep"
)

// costs is all that is told of cost.
func costs(t *testing.T, db *pgxpool.Pool) []string {
	t.Helper()
	return column[string](t, db, `
		SELECT concat_ws('|', 'call', trace_hex, span_id, trim_scale(total_cost), cost_source, trim_scale(estimated_cost)) FROM llm_calls
		UNION ALL SELECT concat_ws('|', 'trace', trace_id, trim_scale(total_cost), trim_scale(estimated_cost), unpriced_calls) FROM llm_traces
		UNION ALL SELECT concat_ws('|', 'hour', hour AT TIME ZONE 'UTC', model, trim_scale(total_cost), trim_scale(estimated_cost), unpriced_calls) FROM llm_usage
		UNION ALL SELECT concat_ws('|', 'day', day, model, trim_scale(total_cost), trim_scale(estimated_cost), unpriced_calls) FROM llm_usage_daily
		UNION ALL SELECT concat_ws('|', 'session', session_id, trim_scale(total_cost)) FROM llm_sessions ORDER BY 1`)
}

// TestWordsDoNotMatterForCost sends the same calls with and without words, and then lets
// retention drop the words.
func TestWordsDoNotMatterForCost(t *testing.T) {
	day := time.Now().UTC().AddDate(0, 0, -2).Truncate(24 * time.Hour)
	send := func(e exporter.Traces) {
		tokens := []string{"gen_ai.usage.input_tokens", "1000", "gen_ai.usage.output_tokens", "500", "gen_ai.provider.name", "openai", "gen_ai.conversation.id", "s"}
		for trace := byte(1); trace <= 6; trace++ {
			at := day.Add(time.Duration(trace) * time.Hour)
			attributes := tokens
			if trace%3 == 0 {
				attributes = append([]string{"gen_ai.usage.cost", "0.25"}, tokens...)
			}
			require.NoError(t, e.ConsumeTraces(t.Context(), chat(trace, 2, 1, at, []string{"user: how much?"}, []string{"assistant: this much"}, attributes...)))
			require.NoError(t, e.ConsumeTraces(t.Context(), chat(trace, 3, 2, at, []string{"user: how much?"}, []string{"assistant: this much"}, tokens...)))
			require.NoError(t, e.ConsumeTraces(t.Context(), spanIn(trace, 1, 0, at, "gen_ai.operation.name", "invoke_agent")))
		}
	}
	full, db := startExporter(t, nil)
	send(full)
	metadata, facts := startExporter(t, func(c *Config) { c.Content.Capture = "metadata" })
	send(metadata)
	want := costs(t, db)
	require.NotEmpty(t, column[int](t, db, `SELECT 1 FROM llm_contents`))
	require.Equal(t, want, costs(t, facts), "capture: metadata")
	_, err := db.Exec(t.Context(), `SELECT llm_drop_day_before('llm_contents', CURRENT_DATE)`)
	require.NoError(t, err)
	require.Empty(t, column[int](t, db, `SELECT 1 FROM llm_contents`))
	require.Equal(t, want, costs(t, db), "words that are gone")
	rowcheck.Agree(t, db)
}

// TestHoursWithoutSpansKeepTheirFigures has retention drop a day that waits to be priced
// again while another day is at it: a trace that lay on both goes on with what it has.
func TestHoursWithoutSpansKeepTheirFigures(t *testing.T) {
	e, db := startExporter(t, nil)
	inner := e.(*tracesPipeline).exporter.Inner
	today := time.Now().UTC().Truncate(24 * time.Hour)
	exec := func(sql string, args ...any) {
		_, err := db.Exec(t.Context(), sql, args...)
		require.NoError(t, err, sql)
	}
	for trace := byte(1); trace <= 4; trace++ {
		for days := byte(1); days <= 2; days++ {
			at := today.AddDate(0, 0, -int(days)).Add(time.Duration(trace) * time.Hour)
			require.NoError(t, e.ConsumeTraces(t.Context(), spanIn(trace, days, 0, at, "gen_ai.operation.name", "chat", "gen_ai.provider.name", "acme",
				"gen_ai.request.model", "house-7b", "gen_ai.usage.input_tokens", "1000000")))
		}
	}
	exec(`INSERT INTO llm_prices (model, input) VALUES ('house-7b', 2)`)
	reprice := func(between func()) {
		conn, err := inner.pool.Acquire(t.Context())
		require.NoError(t, err)
		require.NoError(t, inner.pricer.Reload(t.Context(), conn.Conn()))
		conn.Release()
		exec(`SELECT llm_reprice('2000-01-01', '2100-01-01')`)
		exec(`SELECT llm_internal_list_repricing()`)
		done, err := inner.writer.Reprice(t.Context(), inner.pricer)
		require.NoError(t, err)
		require.False(t, done.Done)
		between()
		require.NoError(t, inner.repricer.Reprice(t.Context()))
		require.Empty(t, column[string](t, db, `SELECT day::text FROM llm_internal_days_to_price`))
	}
	reprice(func() {})
	sums := `SELECT concat_ws('|', (hour AT TIME ZONE 'UTC')::date - $1::date, trim_scale(sum(total_cost)), sum(unpriced_calls)) FROM llm_usage GROUP BY (hour AT TIME ZONE 'UTC')::date ORDER BY 1`
	usage := func() (rows []string) {
		found, err := db.Query(t.Context(), sums, today)
		require.NoError(t, err)
		defer found.Close()
		for found.Next() {
			var row string
			require.NoError(t, found.Scan(&row))
			rows = append(rows, row)
		}
		return rows
	}
	require.Equal(t, []string{"-1|8|0", "-2|8|0"}, usage())
	_, err := upkeep.FoldUsage(t.Context(), db, "public", time.Now())
	require.NoError(t, err)
	exec(`UPDATE llm_prices SET input = 5 WHERE model = 'house-7b'`)
	reprice(func() {
		_, err := upkeep.FoldUsage(t.Context(), db, "public", time.Now())
		require.NoError(t, err)
		exec(`SELECT llm_drop_day_before('llm_spans', $1::date - 1)`, today)
	})
	require.Equal(t, []string{"-1|20|0"}, column[string](t, db, `SELECT concat_ws('|', min((start_time AT TIME ZONE 'UTC')::date) - CURRENT_DATE, trim_scale(sum(estimated_cost)), 0) FROM llm_spans`), "the spans of one day are gone")
	require.Equal(t, "-1|20|0", usage()[0])
	require.Len(t, usage(), 2)
	kept := usage()[1]
	exec(`UPDATE llm_prices SET input = 7 WHERE model = 'house-7b'`)
	reprice(func() {})
	require.Equal(t, []string{"-1|28|0", kept}, usage(), "hours without spans keep what they had")
}
