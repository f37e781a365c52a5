package acceptance

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// TestTokensBelowAPairedSpanCountOnce has the record of a call, the framework's span of the call, which says no tokens, and
// below this the client's, which says some of them. The record pairs with the framework's span, so its tokens are those of
// the client's span.
func TestTokensBelowAPairedSpanCountOnce(t *testing.T) {
	begin := time.Date(2026, 11, 29, 18, 38, 57, 0, time.UTC)
	at := func(millis int) pcommon.Timestamp {
		return pcommon.NewTimestampFromTime(begin.Add(time.Duration(millis) * time.Millisecond))
	}
	trace := pcommon.TraceID{1, 2}
	record := func(name string, millis int, of pcommon.TraceID, attrs map[string]any) func(collector) {
		ld := plog.NewLogs()
		rl := ld.ResourceLogs().AppendEmpty()
		rl.Resource().Attributes().PutStr("service.name", "codex_exec")
		sl := rl.ScopeLogs().AppendEmpty()
		sl.Scope().SetName("codex_otel.log_only")
		rec := sl.LogRecords().AppendEmpty()
		rec.SetTimestamp(at(millis))
		rec.SetTraceID(of)
		require.NoError(t, rec.Attributes().FromRaw(attrs))
		rec.Attributes().PutStr("event.name", name)
		rec.Attributes().PutStr("conversation.id", "one")
		rec.Attributes().PutStr("model", "gpt-5")
		return func(c collector) { require.NoError(t, c.logs.ConsumeLogs(t.Context(), ld)) }
	}
	span := func(id byte, name string, from, to int, attrs map[string]any) func(collector) {
		td := ptrace.NewTraces()
		rs := td.ResourceSpans().AppendEmpty()
		rs.Resource().Attributes().PutStr("service.name", "codex_exec")
		ss := rs.ScopeSpans().AppendEmpty()
		ss.Scope().SetName("codex_exec")
		s := ss.Spans().AppendEmpty()
		s.SetTraceID(trace)
		s.SetSpanID(pcommon.SpanID{id})
		s.SetParentSpanID(pcommon.SpanID{id - 1})
		s.SetName(name)
		s.SetStartTimestamp(at(from))
		s.SetEndTimestamp(at(to))
		require.NoError(t, s.Attributes().FromRaw(attrs))
		return func(c collector) { require.NoError(t, c.traces.ConsumeTraces(t.Context(), td)) }
	}
	sends := []func(collector){
		record("codex.tool_result", 567, trace, map[string]any{"tool_name": "wait_agent", "call_id": "call_1", "duration_ms": "379", "success": "true"}), // tells the trace's session
		record("codex.sse_event", 662, pcommon.TraceID{}, map[string]any{"event.kind": "response.completed", "input_token_count": "1566", "output_token_count": "58"}),
		span(4, "handle_responses", 660, 678, map[string]any{"codex.usage.total_tokens": 1624, "gen_ai.usage.output_tokens": 58}),
		span(3, "receiving_stream", 618, 680, nil),
		span(2, "run_sampling_request", 573, 681, map[string]any{"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-5"}),
	}
	for _, order := range [][]int{{0, 1, 2, 3, 4}, {4, 3, 2, 1, 0}, {0, 4, 1, 3, 2}, {0, 4, 1, 2, 3}, {2, 3, 4, 0, 1}, {1, 4, 0, 2, 3}} {
		url, db := storetest.Open(t)
		c := startBoth(t, url, nil)
		for range 2 {
			for _, i := range order {
				sends[i](c)
			}
		}
		rowcheck.Agree(t, db)
		require.Equal(t, 1, countRows(t, db, "SELECT FROM llm_calls WHERE is_call AND total_tokens = 1624"), "%v", order)
		require.Equal(t, 1, countRows(t, db, "SELECT FROM llm_traces WHERE total_tokens = 1624 AND llm_call_count = 1"), "%v", order)
	}
}
