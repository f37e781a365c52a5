package acceptance

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// TestRecordsWithoutContext has a program whose records are written after their spans have ended (OpenLIT, of
// streams): they name neither a trace nor a session, and a response as the span does. Each call is one,
// and so are calls with ids that another call had an hour before.
func TestRecordsWithoutContext(t *testing.T) {
	url := storetest.NewDatabase(t)
	first, second, db := startBoth(t, url, nil), startBoth(t, url, nil), storetest.Pool(t, url)
	n, calls := byte(0), 0
	for name, order := range arrivals {
		n++
		t.Run(name, func(t *testing.T) {
			r := newMadeUp(n, "a.program.nobody.knows", time.Now().Add(-time.Duration(n)*time.Hour))
			for i := range byte(4) {
				id, at := fmt.Sprint("chatcmpl-", i), 10*float64(i)
				attrs := map[string]any{
					"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.response.id": id,
					"gen_ai.usage.input_tokens": 12, "gen_ai.usage.output_tokens": 5,
				}
				r.span(i+1, 0, "chat gpt-4o", at, at+2, attrs)
				attrs["gen_ai.output.messages"] = fmt.Sprintf(`[{"role":"assistant","parts":[{"type":"text","content":"answer %d"}]}]`, i)
				r.record(0, "gen_ai.client.inference.operation.details", at+2.1, attrs, nil)
				r.logs.At(int(i)).SetTraceID(pcommon.TraceID{})
			}
			for i, a := range order(r) {
				a.send(t, []collector{first, second}[i%2])
			}
			for _, a := range order(r) {
				a.send(t, second)
			}
			calls += 4
			require.Equal(t, calls, countRows(t, db, "SELECT FROM llm_calls WHERE is_call"))
			require.Equal(t, calls, countRows(t, db, "SELECT FROM llm_calls WHERE is_call AND source IS DISTINCT FROM 'event' AND total_tokens = 17 AND output_messages IS NOT NULL"))
			rowcheck.Consistent(t, db)
		})
	}
}

// TestFirstRecordWithoutTraceBesideItsSpan has two collectors store a span and the first record of its call at the
// same moment, in either order: neither sees what the other stores, and the record names no trace. The call is one.
func TestFirstRecordWithoutTraceBesideItsSpan(t *testing.T) {
	n := byte(0)
	for _, session := range []string{"", "s-1"} {
		for _, recordFirst := range []bool{false, true} {
			n++
			t.Run(fmt.Sprintf("session %q, record first: %v", session, recordFirst), func(t *testing.T) {
				url := storetest.NewDatabase(t)
				first, second, db := startBoth(t, url, nil), startBoth(t, url, nil), storetest.Pool(t, url)
				r := newMadeUp(n, "a.program.nobody.knows", time.Now().Add(-time.Hour))
				attrs := map[string]any{
					"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.response.id": "chatcmpl-1",
					"gen_ai.usage.input_tokens": 12, "gen_ai.usage.output_tokens": 5,
				}
				if session != "" {
					attrs["gen_ai.conversation.id"] = session
				}
				r.span(1, 0, "chat gpt-4o", 0, 2, attrs)
				r.record(0, "gen_ai.client.inference.operation.details", 2.1, attrs, nil)
				r.logs.At(0).SetTraceID(pcommon.TraceID{})
				list := pieces(r.td, r.ld)
				if recordFirst {
					slices.Reverse(list)
				}
				tx, err := db.Begin(t.Context())
				require.NoError(t, err)
				t.Cleanup(func() { _ = tx.Rollback(context.Background()) })
				_, err = tx.Exec(t.Context(), "LOCK TABLE llm_usage_hours IN SHARE MODE") // batches store all and do not end
				require.NoError(t, err)
				var sent sync.WaitGroup
				for i, c := range []collector{first, second} {
					sent.Go(func() { list[i].send(t, c) })
					require.Eventually(t, func() bool {
						return len(column[int](t, db, "SELECT l.pid FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE a.datname = current_database() AND NOT l.granted")) > i
					}, 30*time.Second, 5*time.Millisecond)
				}
				require.NoError(t, tx.Rollback(t.Context()))
				sent.Wait()
				require.Equal(t, 1, countRows(t, db, "SELECT FROM llm_calls WHERE is_call AND total_tokens = 17"))
				rowcheck.Consistent(t, db)
			})
		}
	}
}

// TestToolsWithoutATraceCountTheSameInAnyOrder has records of tools name no trace, and the session of their resource. A span in
// that session is the call. One that names another session shares nothing with its record but an id, by which no stored tool is
// found, so both count, whichever comes first.
func TestToolsWithoutATraceCountTheSameInAnyOrder(t *testing.T) {
	url := storetest.NewDatabase(t)
	collectors, db := []collector{startBoth(t, url, nil), startBoth(t, url, nil)}, storetest.Pool(t, url)
	n, tools := byte(0), 0
	for order, of := range arrivals {
		for session, counted := range map[string]int{"process ": 1, "chat ": 2} {
			n++
			r := newMadeUp(n, "a.program.nobody.knows", time.Now().Add(-time.Hour))
			process, call := "process "+r.trace.String(), "call "+r.trace.String()
			r.ofResource("session.id", process)
			r.span(1, 0, "execute_tool look", 0, 1, attrs{
				"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "look", "gen_ai.tool.call.id": call, "gen_ai.conversation.id": session + r.trace.String(),
			})
			r.record(0, "acme.tool_result", 0.9, attrs{"tool_name": "look", "tool_call_id": call, "success": true}, nil)
			r.noTrace()
			tools += counted
			for pass := range 2 {
				for i, a := range of(r) {
					a.send(t, collectors[i%2])
				}
				require.Equal(t, tools, countRows(t, db, "SELECT FROM llm_tool_calls"), "%s, span in %q, pass %d", order, session, pass)
			}
		}
	}
	rowcheck.Consistent(t, db)
}
