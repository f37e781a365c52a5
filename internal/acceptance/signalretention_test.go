package acceptance

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zaptest"

	"github.com/llm-observatory/llmobservatoryexporter/internal/agentruns"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
	"github.com/llm-observatory/llmobservatoryexporter/internal/upkeep"
)

// TestOldCandidatesAndWordsOfRecordsGo retains less than the age of a session of both signals:
// words, candidates and places go with the days. The spans that come after count as if they
// had come alone, and go with the next retention.
func TestOldCandidatesAndWordsOfRecordsGo(t *testing.T) {
	url := storetest.NewDatabase(t)
	c, db := startBoth(t, url, nil), storetest.Pool(t, url)
	internal := []string{"llm_internal_words", "llm_internal_call_candidates", "llm_internal_event_places", "llm_events"}
	retain := func() {
		_, err := upkeep.FoldUsage(t.Context(), db, "public", time.Now()) // before the spans of an hour may go
		require.NoError(t, err)
		for range 4 { // some tables are read in parts
			_, err := (&upkeep.Retention{
				Pool: db, Schema: "public", Spans: 5 * 24 * time.Hour, Contents: 2 * 24 * time.Hour, Logger: zaptest.NewLogger(t),
				Removed: func(context.Context, upkeep.Removal) {}, Overdue: func(string, int64) {},
			}).Run(t.Context(), time.Now())
			require.NoError(t, err)
		}
	}
	var whole, spans agentruns.Truth
	var late []run
	for _, captured := range agentruns.Load(t) {
		if captured.Agent() != "codex" && captured.Agent() != "gemini" && captured.Agent() != "claude" {
			continue
		}
		captured.Shift(-10 * 24 * time.Hour)
		r := cut(captured)
		sendLogs(t, c, r.logs)
		whole.Add(captured.TruthIn(false, true))
		spans.Add(captured.TruthIn(true, false))
		late = append(late, r)
	}
	requireTruth(t, db, whole, "records of old days")
	for _, table := range internal {
		require.NotZero(t, countRows(t, db, "SELECT FROM "+table), table)
	}
	retain()
	for _, table := range append(internal, "llm_spans", "llm_contents") {
		require.Zero(t, countRows(t, db, "SELECT FROM "+table), table)
	}
	for _, r := range late {
		sendTraces(t, c, r.traces)
	}
	var calls, input, tools int64 // llm_usage keeps the hours of before
	require.NoError(t, db.QueryRow(t.Context(), "SELECT count(*) FILTER (WHERE is_call), sum(input_tokens), (SELECT count(*) FROM llm_tool_calls) FROM llm_calls").Scan(&calls, &input, &tools))
	require.Equal(t, []int64{spans.Calls + spans.FailedRequests, spans.Input, spans.Tools}, []int64{calls, input, tools})
	rowcheck.Rollups(t, db)
	retain()
	require.Zero(t, countRows(t, db, "SELECT FROM llm_internal_call_candidates"))
	require.Zero(t, countRows(t, db, "SELECT FROM llm_spans"))
}
