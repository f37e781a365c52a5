package logs

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// TestToolCallsInEitherSpelling: the Java agent writes the calls of an answer in camel case.
func TestToolCallsInEitherSpelling(t *testing.T) {
	of := func(key string) []byte {
		ld := plog.NewLogs()
		rec := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
		rec.SetTimestamp(1)
		rec.SetTraceID(pcommon.TraceID{1})
		rec.SetSpanID(pcommon.SpanID{1})
		rec.SetEventName(choiceEvent)
		body := rec.Body().SetEmptyMap()
		body.PutStr("finish_reason", "tool_use")
		body.PutInt("index", 0)
		call := body.PutEmptySlice(key).AppendEmpty().SetEmptyMap()
		call.PutStr("name", "get_weather")
		call.PutStr("arguments", `{"city":"Paris"}`)
		call.PutStr("id", "call_1")
		b := mapping.New(mapping.Options{}).Map(Read(ld, KeepGenAI, nil).WordSpans)
		require.Len(t, b.Spans, 1)
		require.Len(t, b.Spans[0].OutputMessageIDs, 1, key)
		for k, body := range b.Contents {
			if k.ID == b.Spans[0].OutputMessageIDs[0] {
				return body
			}
		}
		return nil
	}
	told := of(toolCallsKey)
	require.Contains(t, string(told), `"get_weather"`)
	require.Equal(t, string(told), string(of("toolCalls")))
}
