package acceptance

import (
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// documented is the documented query that begins so, over all time.
func documented(t *testing.T, begin string) string {
	t.Helper()
	queries := documentedQueries(t)
	at := slices.IndexFunc(queries, func(q string) bool { return strings.HasPrefix(q, begin) })
	require.GreaterOrEqual(t, at, 0, begin)
	return regexp.MustCompile(`interval '[^']*'`).ReplaceAllString(queries[at], "interval '3 years'")
}

func sampleData(t *testing.T) *pgxpool.Pool {
	e, db := startExporter(t, nil)
	sendSample(t, e, rand.New(rand.NewPCG(5, 16)).Perm(len(sampleSpans)))
	return db
}

// TestDocumentedLatencyIsOfAnsweredCalls compares both documented queries of latency with the
// sample, in which refused calls are faster than answers.
func TestDocumentedLatencyIsOfAnsweredCalls(t *testing.T) {
	db := sampleData(t)
	took := map[string][]float64{}
	for _, c := range readPlainly().calls {
		if c.isCall && c.kind == "llm" && c.failed == "" {
			took[c.model] = append(took[c.model], float64(c.to-c.from))
		}
	}
	require.GreaterOrEqual(t, len(took), 3)
	exact := func(model string, fraction float64) float64 {
		ms := took[model]
		slices.Sort(ms)
		at := fraction * float64(len(ms)-1)
		low, high := ms[int(at)], ms[min(int(at)+1, len(ms)-1)]
		return low + (high-low)*(at-math.Floor(at))
	}
	seen := 0
	rows, err := db.Query(t.Context(), documented(t, "SELECT model, percentile_cont"))
	require.NoError(t, err)
	var model string
	var quantiles []float64
	var first *float64
	_, err = pgx.ForEachRow(rows, []any{&model, &quantiles, &first}, func() error {
		seen++
		require.InDeltaSlice(t, []float64{exact(model, 0.5), exact(model, 0.95), exact(model, 0.99)}, quantiles, 1e-6, model)
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, len(took), seen)

	seen = 0
	rows, err = db.Query(t.Context(), documented(t, "SELECT model, llm_histogram_quantile"))
	require.NoError(t, err)
	var p95 float64
	_, err = pgx.ForEachRow(rows, []any{&model, &p95, &first}, func() error {
		seen++
		ms := took[model]
		slices.Sort(ms)
		require.InEpsilon(t, ms[(len(ms)*95+99)/100-1], p95, 0.025, model)
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, len(took), seen)
}

// TestDocumentedConversationNamesAgentsForAnswersOnly has an agent around the calls.
func TestDocumentedConversationNamesAgentsForAnswersOnly(t *testing.T) {
	db := sampleData(t)
	sql := strings.ReplaceAll(documented(t, "SELECT position, CASE role"), "'conv-77'", "'s1'")
	require.Contains(t, sql, "'s1'")
	require.Equal(t, "1|system|Be kind\n2|user|Where is the river?\n3|concierge|The river is north.\n4|user|Thanks\n5|concierge|Welcome.", lines(t, db, sql))
}

// TestUnknownCostIsNull asks every sum about an agent whose tokens have no price, and about a
// call with the 0 that OpenLIT for Python writes where it has no price.
func TestUnknownCostIsNull(t *testing.T) {
	e, db := startExporter(t, nil)
	sendSample(t, e, rand.New(rand.NewPCG(6, 16)).Perm(len(sampleSpans)))
	td, span := newSpan("openlit.instrumentation.openai", 1, 0, noon(1), noon(1).Add(1e9))
	span.SetTraceID(pcommon.TraceID{9})
	require.NoError(t, span.Attributes().FromRaw(all(model("house-7"), tokens(60_000_000, 2_000_000), cost(0), whose("zoe", "s9"))))
	consume(t, e, td)
	for _, folded := range []bool{false, true} {
		if folded {
			foldAll(t, db, noon(0))
		}
		require.Equal(t, "62000000|~\n1200|~", lines(t, db, `SELECT total_tokens, total_cost FROM llm_traces WHERE session_id IN ('s6', 's9') ORDER BY 1 DESC`))
		require.Equal(t, "62000000|~|0\n1200|~|0", lines(t, db, `SELECT total_tokens, total_cost, priced_calls FROM llm_sessions WHERE session_id IN ('s6', 's9') ORDER BY 1 DESC`))
		require.Equal(t, "62000000|~|0", lines(t, db, `SELECT sum(total_tokens), sum(total_cost), sum(priced_calls) FROM llm_usage WHERE model = 'house-7'`))
		require.Equal(t, "1200|~", lines(t, db, `SELECT sum(total_tokens), sum(total_cost) FROM llm_usage WHERE kind = 'agent' AND total_tokens > 0`))
		require.Equal(t, "62000000|~\n1200|~", lines(t, db, `SELECT sum(total_tokens), sum(total_cost) FROM llm_usage_daily WHERE user_id IN ('frank', 'zoe') GROUP BY user_id ORDER BY 1 DESC`))
		require.Equal(t, "62000000|~|~\n1200|~|~", lines(t, db, `SELECT total_tokens, total_cost, cost_source FROM llm_calls WHERE session_id IN ('s6', 's9') ORDER BY 1 DESC`))
	}
}

// TestDataQualityTellsWhatIsMissing has calls that lack something each, and garbage.
func TestDataQualityTellsWhatIsMissing(t *testing.T) {
	e, db := startExporter(t, nil)
	for i, attributes := range []map[string]any{
		all(model("gpt-4o"), tokens(5, 1), whose("ann", "s")),
		all(model("gpt-4o"), tokens(5, 1), map[string]any{"gen_ai.conversation.id": "s"}),
		all(model("gpt-4o"), tokens(5, 1), map[string]any{"user.id": "ann"}),
		all(model("gpt-4o"), whose("ann", "s"), map[string]any{"gen_ai.usage.input_tokens": "many"}),
		all(model(" "), tokens(5, 1), whose("ann", "s"), map[string]any{"gen_ai.usage.cost": "3 EUR"}),
	} {
		td, span := newSpan("app", 1, 0, noon(1), noon(1).Add(1e9))
		span.SetTraceID(pcommon.TraceID{byte(i + 1)})
		require.NoError(t, span.Attributes().FromRaw(attributes))
		td.ResourceSpans().At(0).Resource().Attributes().PutStr("service.name", "shop")
		consume(t, e, td)
	}
	require.Equal(t, "shop|5|5|1|1|1|1|2|2|{model_empty: 1, cost_not_usd: 1, tokens_invalid: 1}",
		lines(t, db, `SELECT service_name, spans, calls, without_session, without_user, without_usage, without_model, without_cost, adjusted_spans,
		replace(adjustments::text, '"', '') FROM llm_data_quality`))
}
