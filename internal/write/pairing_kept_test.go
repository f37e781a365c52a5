package write

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/llm-observatory/llmobservatoryexporter/internal/logs"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/signal"
)

// TestTurnsGoOnWithoutAnotherAttempt has calls of a turn come batch by batch, of which records keep the
// keys, so that the next batch finds nothing of the session listed: it stores its call at once all the same.
func TestTurnsGoOnWithoutAnotherAttempt(t *testing.T) {
	w, pool := newWriter(t)
	m := mapping.New(mapping.Options{})
	at := time.Now().Add(-time.Hour)
	for n := range 3 {
		ld := plog.NewLogs()
		sl := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
		sl.Scope().SetName("com.anthropic.claude_code.events")
		rec := sl.LogRecords().AppendEmpty()
		rec.SetTimestamp(pcommon.NewTimestampFromTime(at.Add(time.Duration(n) * time.Second)))
		for key, value := range map[string]string{
			"event.name": "api_request", "session.id": "s", "prompt.id": "1", "request_id": fmt.Sprint("req_", n), "input_tokens": "3", "output_tokens": "4",
		} {
			rec.Attributes().PutStr(key, value)
		}
		b, err := signal.Logs{Logs: ld, Keep: logs.KeepGenAI}.Map(t.Context(), m, func(*mapping.Batch) {})
		require.NoError(t, err)
		_, err = w.Write(t.Context(), b, nil, nil)
		require.NoError(t, err)
		require.True(t, w.optimism.justified(), "batch %d", n)
	}
	rowcheck.Consistent(t, pool)
}
