package acceptance

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// TestTraceOfAPromptThatItsCallLeaves has two prompts of one conversation name a trace each, and a call that follows the first until the
// second is there. The trace that the call leaves is listed in each order, as that of a prompt alone is, and its row has the prompt
// when a tool comes.
func TestTraceOfAPromptThatItsCallLeaves(t *testing.T) {
	url := storetest.NewDatabase(t)
	collectors, db := []collector{startBoth(t, url, nil), startBoth(t, url, nil)}, storetest.Pool(t, url)
	for n, order := range [][]int{{0, 1, 2, 3}, {0, 2, 1, 3}, {1, 0, 2, 3}, {1, 2, 0, 3}, {2, 0, 1, 3}, {2, 1, 0, 3}, {3, 0, 1, 2}, {0, 1, 3, 2}} {
		first, second := newMadeUp(byte(1+n), "codex_otel.log_only", time.Now().Add(-20*time.Hour+time.Duration(n)*time.Minute)), pcommon.TraceID{byte(1 + n), 2}
		of := func(event string, others attrs) attrs {
			others["event.name"], others["conversation.id"], others["model"] = event, fmt.Sprint("conversation ", n), "gpt-5"
			return others
		}
		first.record(7, "", 5, of("codex.sse_event", attrs{"event.kind": "response.completed", "input_token_count": 20, "output_token_count": 10}), nil)
		first.noTrace()
		first.logs.At(0).SetSpanID(pcommon.SpanID{})
		first.record(7, "", 1, of("codex.user_prompt", attrs{"prompt": "one"}), nil)
		first.record(7, "", 3, of("codex.user_prompt", attrs{"prompt": "two"}), nil)
		first.logs.At(2).SetTraceID(second)
		first.record(7, "", 2, of("codex.tool_result", attrs{"tool_name": "exec_command", "call_id": "c", "success": "true"}), nil)
		all := pieces(first.td, first.ld)
		for i, at := range order {
			all[at].send(t, collectors[i%2])
			rowcheck.Rollups(t, db)
		}
		what := fmt.Sprint("order ", order)
		require.Equal(t, []string{"2 0 1"}, column[string](t, db, "SELECT concat_ws(' ', span_count, llm_call_count, tool_call_count) FROM llm_traces WHERE trace_id = $1", first.trace.String()), what)
		require.Equal(t, []string{"2 1 0"}, column[string](t, db, "SELECT concat_ws(' ', span_count, llm_call_count, tool_call_count) FROM llm_traces WHERE trace_id = $1", second.String()), what)
		require.Equal(t, 2*(n+1), countRows(t, db, "SELECT FROM llm_traces"), what)
	}
	rowcheck.Consistent(t, db)
}
