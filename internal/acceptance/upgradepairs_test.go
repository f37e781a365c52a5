package acceptance

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/llm-observatory/llmobservatoryexporter/internal/agentruns"
	"github.com/llm-observatory/llmobservatoryexporter/internal/logs"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
	"github.com/llm-observatory/llmobservatoryexporter/internal/trace"
)

// TestRecordsOfBeforeAnUpgradePair sends the prompts and tools of the captured runs as log records,
// leaves of what is listed of them only what versions before migration 038 listed, migrates, and sends
// the spans and the other records: what counts is what the model endpoints were asked.
func TestRecordsOfBeforeAnUpgradePair(t *testing.T) {
	url := storetest.NewDatabase(t)
	db, c := storetest.Pool(t, url), startBoth(t, url, nil)
	var sums agentruns.Truth
	runs := loadRuns(t)
	var sessions []int64
	for i := range runs {
		runs[i].logs = slices.DeleteFunc(runs[i].logs, func(record plog.Logs) bool {
			read := logs.Read(record, logs.KeepGenAI, nil)
			if len(read.Observations) == 0 || read.Observations[0].Kind == logs.Call {
				return false
			}
			sendLogs(t, c, []plog.Logs{record})
			return true
		})
		sums.Add(runs[i].TruthIn(true, true))
	}
	rows, err := db.Query(t.Context(), "SELECT DISTINCT session_id FROM llm_spans WHERE session_id IS NOT NULL")
	require.NoError(t, err)
	for rows.Next() {
		var session string
		require.NoError(t, rows.Scan(&session))
		sessions = append(sessions, int64(trace.SessionKey(session).Hash))
	}
	require.NoError(t, rows.Err())
	require.NotEmpty(t, sessions)
	gone, err := db.Exec(t.Context(), "DELETE FROM llm_internal_call_candidates WHERE key = ANY ($1)", sessions)
	require.NoError(t, err)
	require.NotZero(t, gone.RowsAffected())

	migration, err := os.ReadFile("../schema/migrations/038_candidates.sql")
	require.NoError(t, err)
	at := strings.Index(string(migration), "INSERT")
	_, err = db.Exec(t.Context(), strings.ReplaceAll(string(migration[at:]), "{{.schema}}", "public"))
	require.NoError(t, err)
	var listed int
	require.NoError(t, db.QueryRow(t.Context(), "SELECT count(*) FROM llm_internal_call_candidates WHERE key = $1", int64(trace.LegacyKey)).Scan(&listed))
	require.Equal(t, 1, listed)

	for i := range runs {
		sendTraces(t, c, runs[i].traces)
		sendLogs(t, c, runs[i].logs)
	}
	requireTruth(t, db, sums, "an upgrade")
	rowcheck.Consistent(t, db)
}
