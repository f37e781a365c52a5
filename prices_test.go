package llmobservatoryexporter

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/llm-observatory/llmobservatoryexporter/internal/pricing"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/write"
)

// TestCallsAreEstimated sends calls with and without a reported cost and asks what their
// rows say.
func TestCallsAreEstimated(t *testing.T) {
	e, db := startExporter(t, nil)
	text := func(s string) *string { return &s }
	at := time.Now().Add(-time.Minute)
	for i, attributes := range [][]string{
		{"gen_ai.provider.name", "openai", "gen_ai.request.model", "gpt-4o-mini"},
		{"gen_ai.provider.name", "openai", "gen_ai.request.model", "gpt-4o-mini", "gen_ai.usage.cost", "0.5"},
		{"gen_ai.provider.name", "ollama", "gen_ai.request.model", "gpt-4o-mini"},
		{"gen_ai.provider.name", "azure.ai.openai", "gen_ai.request.model", "prod-7", "gen_ai.response.model", "gpt-4o-mini-2024-07-18"},
	} {
		td := spanIn(byte(i+1), 1, 0, at, append(attributes, "gen_ai.operation.name", "chat",
			"gen_ai.usage.input_tokens", "2000000", "gen_ai.usage.output_tokens", "1000000", "gen_ai.usage.cache_read.input_tokens", "1000000")...)
		require.NoError(t, e.ConsumeTraces(t.Context(), td))
	}
	require.Equal(t, []*string{text("0.825"), text("0.5"), nil, text("0.825")}, column[*string](t, db, `SELECT trim_scale(total_cost)::text FROM llm_calls ORDER BY trace_id`))
	require.Equal(t, []*string{text("estimated"), text("reported"), nil, text("estimated")}, column[*string](t, db, `SELECT cost_source FROM llm_calls ORDER BY trace_id`))
	require.Equal(t, []string{"ollama gpt-4o-mini 1 3000000"}, column[string](t, db, `SELECT concat_ws(' ', provider, model, calls, total_tokens) FROM llm_unpriced_models`))
	rowcheck.Agree(t, db)
	got := column[*string](t, db, `SELECT estimated_cost::text FROM llm_spans ORDER BY trace_id`)
	require.Equal(t, []*string{text("0.825"), text("0.825"), nil, text("0.825")}, got, "0.15 + 0.075 + 0.6 USD; nobody's price holds for an own server")
	require.Equal(t, []*string{nil, text("0.5"), nil, nil}, column[*string](t, db, `SELECT total_cost::text FROM llm_spans ORDER BY trace_id`), "reported cost stays as it is")
}

// TestThePastIsPricedAgain adds, corrects and removes a price of a past day while late
// spans of its traces arrive, and compares all sums with the definition.
func TestThePastIsPricedAgain(t *testing.T) {
	e, db := startExporter(t, nil)
	day := time.Now().UTC().AddDate(0, 0, -3).Truncate(24 * time.Hour)
	call := func(trace, span byte) {
		td := spanIn(trace, span, 0, day.Add(time.Duration(trace)*time.Hour/10), "gen_ai.operation.name", "chat", "gen_ai.provider.name", "acme",
			"gen_ai.request.model", "house-7b", "gen_ai.usage.input_tokens", "1000000", "gen_ai.usage.output_tokens", "1000000")
		require.NoError(t, e.ConsumeTraces(t.Context(), td))
	}
	for trace := byte(1); trace <= 40; trace++ {
		call(trace, 1)
	}
	inner := e.(*tracesPipeline).exporter.Inner
	changed := 0
	repricer := &pricing.Repricer{
		Pool: inner.pool, Schema: "public", Pricer: pricing.New("public", zap.NewNop()), Writer: inner.writer, Logger: zap.NewNop(),
		Progress: func(_ context.Context, r *write.Repriced) { changed += r.Changed },
	}
	change := func(sql string) {
		_, err := db.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
	late := byte(1)
	settle := func(cost, unpriced string) {
		t.Helper()
		require.NoError(t, repricer.Note(t.Context()))
		change(`UPDATE llm_internal_price_changes SET ready_at = ready_at - interval '1 day'`)
		conn, err := inner.pool.Acquire(t.Context())
		require.NoError(t, err)
		require.NoError(t, inner.pricer.Reload(t.Context(), conn.Conn()))
		conn.Release()
		late++
		for trace := byte(1); trace <= 5; trace++ { // by the new prices, before the others follow
			call(trace, late)
		}
		require.NoError(t, repricer.Reprice(t.Context()))
		require.Equal(t, []string{cost}, column[string](t, db, `SELECT coalesce(trim_scale(sum(total_cost) / (SELECT count(*) FROM llm_calls))::text, '~') FROM llm_traces`))
		require.Equal(t, []string{unpriced}, column[string](t, db, `SELECT (sum(unpriced_calls) * 1.0 / (SELECT count(*) FROM llm_calls))::int::text FROM llm_traces`))
		require.Zero(t, column[int64](t, db, `SELECT count(*) FROM llm_internal_days_to_price`)[0])
		rowcheck.Agree(t, db)
		rowcheck.Rollups(t, db)
	}
	settle("~", "1")
	change(`INSERT INTO llm_prices (provider, model, valid_from, valid_to, input, output) VALUES ('acme', 'house-7b', now() - interval '10 days', now() - interval '1 day', 2, 3)`)
	changed = 0
	settle("5", "0")
	require.Equal(t, 45, changed, "all but those that arrived by the new price")
	change(`UPDATE llm_prices SET output = 4 WHERE model = 'house-7b'`)
	settle("6", "0")
	change(`DELETE FROM llm_prices WHERE model = 'house-7b'`)
	settle("~", "1")

	// A database of before: nothing is known of estimates, and the prices are new.
	change(`INSERT INTO llm_prices (model, input, output) VALUES ('house-7b', 1, 1)`)
	change(`UPDATE llm_spans SET estimated_cost = NULL, estimate_counted = NULL`)
	change(`UPDATE llm_traces SET total_cost = NULL, estimated_cost = NULL, unpriced_calls = NULL, origins = DEFAULT`)
	settle("2", "0")
	changed = 0
	require.Equal(t, int32(1), column[int32](t, db, `SELECT llm_reprice((now() - interval '5 days')::date, (now() - interval '1 day')::date)`)[0])
	settle("2", "0")
	require.Zero(t, changed, "nothing has changed")
}
