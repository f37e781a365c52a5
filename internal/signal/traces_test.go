package signal

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

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
