package pricing

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/upkeep"
	"github.com/llm-observatory/llmobservatoryexporter/internal/write"
)

// houseCall is a call of a model that no built-in price names, of a million tokens in and out.
func houseCall(trace, span byte, at time.Time) *mapping.Batch {
	million := mapping.Int{V: 1_000_000, OK: true}
	s := mapping.Span{
		TraceID: pcommon.TraceID{15: trace}, SpanID: pcommon.SpanID{7: span}, SpanKind: "client", Status: "unset", Name: "chat", ScopeName: "scope",
		Kind: mapping.KindLLM, Provider: "acme", RequestModel: "house-7b", Start: at.UnixMicro(), End: at.Add(time.Second).UnixMicro(),
		Usage: mapping.Usage{Input: million, Output: million, Total: mapping.Int{V: 2_000_000, OK: true}},
	}
	s.Day = int32(s.Start / (24 * 60 * 60 * 1_000_000))
	return &mapping.Batch{Spans: []mapping.Span{s}, Contents: map[content.Key][]byte{}, Resources: map[content.ID][]byte{}}
}

// TestThePastIsPricedAgain adds, corrects and removes a price of a past day while late
// spans of its traces arrive, and compares all sums with the definition.
func TestThePastIsPricedAgain(t *testing.T) {
	w := newWorld(t, 1)
	c := &w.collectors[0]
	day := time.Now().UTC().AddDate(0, 0, -3).Truncate(24 * time.Hour)
	call := func(trace, span byte) {
		require.NoError(t, w.write(t.Context(), c, houseCall(trace, span, day.Add(time.Duration(trace)*time.Hour/10))))
	}
	for trace := byte(1); trace <= 40; trace++ {
		call(trace, 1)
	}
	changed := 0
	c.Progress = func(_ context.Context, r *write.Repriced) { changed += r.Changed }
	one := func(sql string) (value string) {
		t.Helper()
		require.NoError(t, w.db.QueryRow(t.Context(), sql).Scan(&value), sql)
		return value
	}
	late := byte(1)
	settle := func(cost, unpriced string) {
		t.Helper()
		require.NoError(t, c.Note(t.Context()))
		w.settle()
		late++
		for trace := byte(1); trace <= 5; trace++ { // by the new prices, before the others follow
			call(trace, late)
		}
		require.NoError(t, c.Reprice(t.Context()))
		require.Equal(t, cost, one(`SELECT coalesce(trim_scale(sum(total_cost) / (SELECT count(*) FROM llm_calls))::text, '~') FROM llm_traces`))
		require.Equal(t, unpriced, one(`SELECT (sum(unpriced_calls) * 1.0 / (SELECT count(*) FROM llm_calls))::int::text FROM llm_traces`))
		require.Equal(t, "0", one(`SELECT count(*)::text FROM llm_internal_days_to_price`))
		rowcheck.Agree(t, w.db)
		rowcheck.Rollups(t, w.db)
	}
	settle("~", "1")
	w.exec(`INSERT INTO llm_prices (provider, model, valid_from, valid_to, input, output) VALUES ('acme', 'house-7b', now() - interval '10 days', now() - interval '1 day', 2, 3)`)
	changed = 0
	settle("5", "0")
	require.Equal(t, 45, changed, "all but those that arrived by the new price")
	w.exec(`UPDATE llm_prices SET output = 4 WHERE model = 'house-7b'`)
	settle("6", "0")
	w.exec(`DELETE FROM llm_prices WHERE model = 'house-7b'`)
	settle("~", "1")

	// A database of before: nothing is known of estimates, and the prices are new.
	w.exec(`INSERT INTO llm_prices (model, input, output) VALUES ('house-7b', 1, 1)`)
	w.exec(`UPDATE llm_spans SET estimated_cost = NULL, estimate_counted = NULL`)
	w.exec(`UPDATE llm_traces SET total_cost = NULL, estimated_cost = NULL, unpriced_calls = NULL, origins = DEFAULT`)
	settle("2", "0")
	changed = 0
	require.Equal(t, "1", one(`SELECT llm_reprice((now() - interval '5 days')::date, (now() - interval '1 day')::date)::text`))
	settle("2", "0")
	require.Zero(t, changed, "nothing has changed")
}

// TestHoursWithoutSpansKeepTheirFigures has retention drop a day that waits to be priced
// again while another day is at it: a trace that lay on both goes on with what it has.
func TestHoursWithoutSpansKeepTheirFigures(t *testing.T) {
	w := newWorld(t, 1)
	c := &w.collectors[0]
	today := time.Now().UTC().Truncate(24 * time.Hour)
	list := func(sql string, args ...any) []string {
		t.Helper()
		rows, err := w.db.Query(t.Context(), sql, args...)
		require.NoError(t, err, sql)
		values, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err, sql)
		return values
	}
	for trace := byte(1); trace <= 4; trace++ {
		for days := byte(1); days <= 2; days++ {
			at := today.AddDate(0, 0, -int(days)).Add(time.Duration(trace) * time.Hour)
			b := houseCall(trace, days, at)
			b.Spans[0].Usage = mapping.Usage{Input: b.Spans[0].Usage.Input, Total: b.Spans[0].Usage.Input}
			require.NoError(t, w.write(t.Context(), c, b))
		}
	}
	w.exec(`INSERT INTO llm_prices (model, input) VALUES ('house-7b', 2)`)
	reprice := func(between func()) {
		w.reload(c)
		w.exec(`SELECT llm_reprice('2000-01-01', '2100-01-01')`)
		w.exec(`SELECT llm_internal_list_repricing()`)
		done, err := c.Writer.Reprice(t.Context(), c.Pricer)
		require.NoError(t, err)
		require.False(t, done.Done)
		between()
		require.NoError(t, c.Reprice(t.Context()))
		require.Empty(t, list(`SELECT day::text FROM llm_internal_days_to_price`))
	}
	reprice(func() {})
	sums := `SELECT concat_ws('|', (hour AT TIME ZONE 'UTC')::date - $1::date, trim_scale(sum(total_cost)), sum(unpriced_calls)) FROM llm_usage GROUP BY (hour AT TIME ZONE 'UTC')::date ORDER BY 1`
	usage := func() []string { return list(sums, today) }
	require.Equal(t, []string{"-1|8|0", "-2|8|0"}, usage())
	_, err := upkeep.FoldUsage(t.Context(), w.db, "public", time.Now())
	require.NoError(t, err)
	w.exec(`UPDATE llm_prices SET input = 5 WHERE model = 'house-7b'`)
	reprice(func() {
		_, err := upkeep.FoldUsage(t.Context(), w.db, "public", time.Now())
		require.NoError(t, err)
		w.exec(`SELECT llm_drop_day_before('llm_spans', $1::date - 1)`, today)
	})
	require.Equal(t, []string{"-1|20|0"}, list(`SELECT concat_ws('|', min((start_time AT TIME ZONE 'UTC')::date) - CURRENT_DATE, trim_scale(sum(estimated_cost)), 0) FROM llm_spans`), "the spans of one day are gone")
	require.Equal(t, "-1|20|0", usage()[0])
	require.Len(t, usage(), 2)
	kept := usage()[1]
	w.exec(`UPDATE llm_prices SET input = 7 WHERE model = 'house-7b'`)
	reprice(func() {})
	require.Equal(t, []string{"-1|28|0", kept}, usage(), "hours without spans keep what they had")
}
