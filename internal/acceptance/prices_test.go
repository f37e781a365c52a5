package acceptance

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
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
