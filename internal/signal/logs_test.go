package signal

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/llm-observatory/llmobservatoryexporter/internal/logs"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// TestIdsOfCallsAreNoWords has a record with ids that its program ties calls by, and whose keys speak
// of requests and tools: they stay in the row, with and without words.
func TestIdsOfCallsAreNoWords(t *testing.T) {
	for _, capture := range []mapping.Capture{mapping.CaptureFull, mapping.CaptureMetadata} {
		ld := plog.NewLogs()
		sl := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
		sl.Scope().SetName("com.anthropic.claude_code.events")
		for name, id := range map[string]string{"api_request": "request_id", "tool_result": "tool_use_id", "user_prompt": "prompt.id"} {
			rec := sl.LogRecords().AppendEmpty()
			rec.SetTimestamp(1_700_000_000_000_000_000)
			for key, value := range map[string]string{"event.name": name, "session.id": "s", "tool_name": "Bash", "model": "claude-sonnet-4-5", id: "1234abcd"} {
				rec.Attributes().PutStr(key, value)
			}
		}
		b, err := Logs{Logs: ld, Keep: logs.KeepGenAI}.Map(t.Context(), mapping.New(mapping.Options{Capture: capture}), func(*mapping.Batch) {})
		require.NoError(t, err)
		require.Len(t, b.Events, 3)
		for i := range b.Events {
			require.Contains(t, string(b.Events[i].Attributes), `"1234abcd"`)
		}
		require.Empty(t, b.Contents)
	}
}
