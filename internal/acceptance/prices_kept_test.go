package acceptance

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/exporter"

	"github.com/llm-observatory/llmobservatoryexporter"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
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
	metadata, facts := startExporter(t, func(c *llmobservatoryexporter.Config) { c.Content.Capture = "metadata" })
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
