package mapping

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// testSpan is a span to be: its parts are what a test is about.
type testSpan struct {
	name     string
	scope    string
	version  string
	resource map[string]any
	attrs    map[string]any
	events   []testEvent
	status   ptrace.StatusCode
	message  string
}

type testEvent struct {
	name  string
	at    pcommon.Timestamp // after the start of the span
	attrs map[string]any
}

const testStart = pcommon.Timestamp(1_787_300_000_000_000_000)

func (s testSpan) traces(tb testing.TB) ptrace.Traces {
	tb.Helper()
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	require.NoError(tb, rs.Resource().Attributes().FromRaw(s.resource))
	ss := rs.ScopeSpans().AppendEmpty()
	ss.Scope().SetName(s.scope)
	ss.Scope().SetVersion(s.version)
	span := ss.Spans().AppendEmpty()
	span.SetTraceID([16]byte{1})
	span.SetSpanID([8]byte{2})
	span.SetName(s.name)
	span.SetStartTimestamp(testStart)
	span.SetEndTimestamp(testStart + 900_000_000)
	span.Status().SetCode(s.status)
	span.Status().SetMessage(s.message)
	require.NoError(tb, span.Attributes().FromRaw(s.attrs))
	for _, e := range s.events {
		event := span.Events().AppendEmpty()
		event.SetName(e.name)
		event.SetTimestamp(testStart + e.at)
		require.NoError(tb, event.Attributes().FromRaw(e.attrs))
	}
	return td
}

// mapped maps one span and shows it as the views do.
func (s testSpan) mapped(tb testing.TB) (*Span, map[string]any) {
	tb.Helper()
	b := New(Options{}).Map(s.traces(tb))
	require.Len(tb, b.Spans, 1)
	return &b.Spans[0], asStored(tb, b, &b.Spans[0])
}

// left returns the attributes column.
func left(tb testing.TB, s *Span) map[string]any {
	tb.Helper()
	if s.Attributes == nil {
		return map[string]any{}
	}
	return decode(tb, s.Attributes).(map[string]any)
}

// resolved puts a long or wordy attribute back in place.
func resolved(tb testing.TB, b *Batch, s *Span, key string) any {
	tb.Helper()
	ref, ok := left(tb, s)[key].(map[string]any)
	require.True(tb, ok, "%s refers to a content", key)
	for k, body := range b.Contents {
		if uuid := string(appendReference(nil, k.ID)); uuid == show(ref) {
			return decode(tb, body)
		}
	}
	require.Fail(tb, "no such content", "%v", ref)
	return nil
}

func fromJSON(tb testing.TB, text string) (v any) {
	tb.Helper()
	require.NoError(tb, json.Unmarshal([]byte(text), &v))
	return v
}

// decodeText decodes JSON into values that pdata takes.
func decodeText(text string) any {
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		panic(err)
	}
	return withWholeNumbers(v)
}

// inferenceDetailsEvent is the event that carries the messages of a call in the current conventions.
const inferenceDetailsEvent = "gen_ai.client.inference.operation.details"
