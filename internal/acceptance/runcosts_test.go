package acceptance

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/agentruns"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// TestRunsCostTheSameInEverySignal stores the runs of coding agents that report no cost: what spans report
// costs what log records report, and both cost it once, whichever comes first.
func TestRunsCostTheSameInEverySignal(t *testing.T) {
	var runs []agentruns.Run
	for _, r := range agentruns.Load(t) {
		if agent := r.Agent(); r.Traces.SpanCount() > 0 && r.Logs.LogRecordCount() > 0 && (agent == "codex" || agent == "gemini" || agent == "qwen") {
			runs = append(runs, r)
		}
	}
	traces := func(t *testing.T, c collector, r agentruns.Run) {
		require.NoError(t, c.traces.ConsumeTraces(t.Context(), r.Traces))
	}
	logs := func(t *testing.T, c collector, r agentruns.Run) {
		require.NoError(t, c.logs.ConsumeLogs(t.Context(), r.Logs))
	}
	type signal func(*testing.T, collector, agentruns.Run)
	orders := [][]signal{{logs}, {traces, logs}, {logs, traces}, {traces}}
	costs := make([]string, len(orders))
	t.Run("each", func(t *testing.T) {
		for i, order := range orders {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				url := storetest.NewDatabase(t)
				db, c := storetest.Pool(t, url), startBoth(t, url, nil)
				for _, r := range runs {
					for _, send := range order {
						send(t, c, r)
					}
				}
				require.Eventually(t, func() bool { // calls that name no model are priced in the background
					return lines(t, db, `SELECT sum(unpriced_calls) FROM llm_traces`) == "0"
				}, time.Minute, 100*time.Millisecond)
				rowcheck.Consistent(t, db)
				costs[i] = lines(t, db, `SELECT service_name, model, count(*), sum(total_tokens), trim_scale(sum(total_cost)) FROM llm_calls
					WHERE total_tokens > 0 GROUP BY service_name, model ORDER BY 1, 2`)
			})
		}
	})
	require.Equal(t, "codex_exec|gpt-5|2|4415|0.0047315\ngemini-cli|gemini-2.5-pro|4|474|0.003268\nqwen-code|gpt-4.1|2|3105|0.003408", costs[0])
	require.Equal(t, costs[0], costs[1])
	require.Equal(t, costs[0], costs[2])
	// The spans of Gemini CLI do not report thoughts.
	require.Equal(t, "codex_exec|gpt-5|2|4415|0.0047315\ngemini-cli|gemini-2.5-pro|4|218|0.00078\nqwen-code|gpt-4.1|2|3105|0.003408", costs[3])
}
