package write

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"golang.org/x/sync/errgroup"

	"github.com/llm-observatory/llmobservatoryexporter/internal/logs"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/signal"
)

// TestFirstEventsFindSpansThatComeMeanwhile has a trace get the span of a call, of a program that is not known to send log
// records, while another batch brings the trace's first record, which tells the same call: the call counts once, whichever
// of the two gets the trace first.
func TestFirstEventsFindSpansThatComeMeanwhile(t *testing.T) {
	for _, c := range []struct{ recordFirst, pairs bool }{{false, false}, {true, false}, {false, true}, {true, true}} {
		t.Run(fmt.Sprintf("record first %v, spans pair %v", c.recordFirst, c.pairs), func(t *testing.T) {
			w, pool := newWriter(t)
			around, call, other := callOf(1, 1), callOf(1, 2), callOf(2, 3)
			around.Kind, around.Usage = mapping.KindChain, mapping.Usage{}
			call.ScopeName, call.ParentSpanID, call.ResponseID = "any", around.SpanID, "response"
			write(t, w, around) // the trace is there
			spans := []mapping.Span{call}
			if c.pairs {
				other.ScopeName = "com.anthropic.claude_code.tracing"
				spans = append(spans, other)
			}
			batches := []*mapping.Batch{batchOf(spans...), detailsOf(t, &call)}
			if c.recordFirst {
				batches[0], batches[1] = batches[1], batches[0]
			}
			release := holdEnds(t, pool)
			var group errgroup.Group
			for i, b := range batches {
				group.Go(func() error { _, err := w.Write(t.Context(), b, nil, nil); return err })
				awaitLock(t, pool, []string{"relation", "transactionid"}[i])
			}
			release()
			require.NoError(t, group.Wait())
			var stored, counted int
			require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*), count(*) FILTER (WHERE counted) FROM llm_spans WHERE kind = 'llm' AND span_id <> $1",
				other.SpanID.String()).Scan(&stored, &counted))
			require.Equal(t, []int{2, 1}, []int{stored, counted}, "rows that tell the call, and those that count")
			rowcheck.Rollups(t, pool)
		})
	}
}

// detailsOf is the record of a call, which names the trace and the response.
func detailsOf(t *testing.T, call *mapping.Span) *mapping.Batch {
	ld := plog.NewLogs()
	sl := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty()
	sl.Scope().SetName(call.ScopeName)
	rec := sl.LogRecords().AppendEmpty()
	rec.SetEventName("gen_ai.client.inference.operation.details")
	rec.SetTimestamp(pcommon.Timestamp(call.End * 1000))
	rec.SetTraceID(call.TraceID)
	rec.Attributes().PutStr("gen_ai.operation.name", "chat")
	rec.Attributes().PutStr("gen_ai.response.id", call.ResponseID)
	rec.Attributes().PutInt("gen_ai.usage.input_tokens", call.Usage.Input.V)
	b, err := signal.Logs{Logs: ld, Keep: logs.KeepGenAI}.Map(t.Context(), mapping.New(mapping.Options{}), func(*mapping.Batch) {})
	require.NoError(t, err)
	return b
}
