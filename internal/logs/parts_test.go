package logs

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// TestReadInParts requires that records which several goroutines read are read as by one: in their
// order, each with what tells whose words it has.
func TestReadInParts(t *testing.T) {
	ld := plog.NewLogs()
	for scope := range 7 {
		rl := ld.ResourceLogs().AppendEmpty()
		rl.Resource().Attributes().PutStr("service.name", fmt.Sprint("service ", scope))
		sl := rl.ScopeLogs().AppendEmpty()
		sl.Scope().SetName("openai.instrumentation")
		for i := range scope * partRecords / 3 {
			rec := sl.LogRecords().AppendEmpty()
			rec.SetTimestamp(pcommon.Timestamp(1e18 + i))
			rec.SetTraceID(pcommon.TraceID{byte(scope), byte(i >> 8), byte(i), 1})
			rec.SetSpanID(pcommon.SpanID{1})
			rec.SetEventName([]string{inferenceDetails, "gen_ai.choice", "plain", exceptionEvent}[i%4])
			putMessage(rec.Attributes(), outputMessages, fmt.Sprint("answer ", i))
			rec.Attributes().PutStr(requestModel, "gpt-4o")
			rec.Attributes().PutStr(contentKey, "hi")
		}
	}
	one := newReader(KeepGenAI, nil)
	for _, rl := range ld.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			one.readScope(scopePart{sl, rl.Resource(), 0, sl.LogRecords().Len()})
		}
	}
	parts := Read(ld, KeepGenAI, nil)
	require.Greater(t, len(parts.Records), 3*partRecords)
	require.NotEmpty(t, parts.Words)
	require.Equal(t, one.batch.Records, parts.Records)
	require.Equal(t, one.batch.Observations, parts.Observations)
	require.Equal(t, one.batch.Words, parts.Words)
	require.Equal(t, one.batch.Filtered, parts.Filtered)
	require.Equal(t, one.batch.Spans.SpanCount(), parts.Spans.SpanCount())
	require.Equal(t, one.batch.WordSpans.SpanCount(), parts.WordSpans.SpanCount())
}
