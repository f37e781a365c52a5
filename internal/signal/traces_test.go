package signal

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/logs"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

// TestRestHasNothingEmpty leaves one span or log record of several resources and scopes, then none.
func TestRestHasNothingEmpty(t *testing.T) {
	td, ld := ptrace.NewTraces(), plog.NewLogs()
	for resource := range byte(3) {
		rs, rl := td.ResourceSpans().AppendEmpty(), ld.ResourceLogs().AppendEmpty()
		for scope := range byte(3) {
			s := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
			s.SetTraceID(pcommon.TraceID{1 + resource})
			s.SetSpanID(pcommon.SpanID{1 + scope})
			rec := rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
			rec.SetTraceID(s.TraceID())
			rec.SetSpanID(s.SpanID())
			rec.SetTimestamp(1)
		}
	}
	m := mapping.New(mapping.Options{})
	spans, err := Traces{td}.Map(t.Context(), m, func(*mapping.Batch) {})
	require.NoError(t, err)
	records := Logs{ld, logs.KeepAll}
	events, err := records.Map(t.Context(), m, func(*mapping.Batch) {})
	require.NoError(t, err)
	require.Len(t, events.Events, 9)

	restOfTraces, restOfLogs := Traces{td}.Rest(spans.Spans[4:5], nil).(Traces), records.Rest(nil, events.Events[4:5]).(Logs)
	require.Equal(t, 1, restOfTraces.ResourceSpans().Len())
	require.Equal(t, 1, restOfTraces.ResourceSpans().At(0).ScopeSpans().Len())
	require.Equal(t, 1, restOfTraces.Len())
	require.Equal(t, 1, restOfLogs.ResourceLogs().Len())
	require.Equal(t, 1, restOfLogs.ResourceLogs().At(0).ScopeLogs().Len())
	require.Equal(t, 1, restOfLogs.Len())
	require.Zero(t, Traces{td}.Rest(nil, nil).(Traces).ResourceSpans().Len())
	require.Zero(t, records.Rest(nil, nil).(Logs).ResourceLogs().Len())
}

// TestRestIsWhatIsLeft gives back every second span, and leaves what was handed over.
func TestRestIsWhatIsLeft(t *testing.T) {
	td := ptrace.NewTraces()
	for resource := range byte(2) {
		rs := td.ResourceSpans().AppendEmpty()
		rs.Resource().Attributes().PutInt("resource", int64(resource))
		for scope := range byte(2) {
			ss := rs.ScopeSpans().AppendEmpty()
			for span := range byte(3) {
				s := ss.Spans().AppendEmpty()
				s.SetTraceID(pcommon.TraceID{1 + resource})
				s.SetSpanID(pcommon.SpanID{1 + scope, 1 + span})
			}
		}
	}
	data := Traces{td}
	batch, err := data.Map(t.Context(), mapping.New(mapping.Options{}), func(*mapping.Batch) {})
	require.NoError(t, err)
	require.Equal(t, data.Len(), len(batch.Spans))
	var left []mapping.Span
	for i := 0; i < len(batch.Spans); i += 2 {
		left = append(left, batch.Spans[i])
	}
	rest := data.Rest(left, nil)
	require.Equal(t, len(left), rest.Len())
	require.Equal(t, 12, data.Len(), "what was handed over stays")
	again, err := rest.Map(t.Context(), mapping.New(mapping.Options{}), func(*mapping.Batch) {})
	require.NoError(t, err)
	for i := range again.Spans {
		require.Equal(t, left[i].TraceID, again.Spans[i].TraceID)
		require.Equal(t, left[i].SpanID, again.Spans[i].SpanID)
		require.Equal(t, left[i].ResourceID, again.Spans[i].ResourceID)
	}

	var partly consumererror.Traces
	require.ErrorAs(t, rest.Error(errors.New("away")), &partly)
	require.Equal(t, len(left), partly.Data().SpanCount())
}

// TestPartsAreWholeWhenTheyAreGiven requires that nothing changes of the spans of a part, once it is given, by which the
// owners of its contents are noted.
func TestPartsAreWholeWhenTheyAreGiven(t *testing.T) {
	td := ptrace.NewTraces()
	ss := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty()
	ss.Scope().SetName("com.anthropic.claude-platform")
	for i := range 1000 {
		s := ss.Spans().AppendEmpty()
		s.SetTraceID(pcommon.TraceID{1, byte(i), byte(i >> 8)})
		s.SetSpanID(pcommon.SpanID{1})
		s.SetStartTimestamp(1)
		s.Attributes().PutStr("gen_ai.operation.name", "chat")
		s.Attributes().PutStr("gen_ai.response.id", "msg_1")
	}
	var given atomic.Int32
	batch, err := Traces{td}.Map(t.Context(), mapping.New(mapping.Options{}), func(part *mapping.Batch) {
		for i := range part.Spans {
			if part.Spans[i].Event != nil {
				given.Add(1)
			}
		}
	})
	require.NoError(t, err)
	require.Len(t, batch.Spans, 1000)
	require.EqualValues(t, 1000, given.Load())
}
