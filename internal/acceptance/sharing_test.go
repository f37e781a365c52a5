package acceptance

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
)

// TestBatchesShareContents lets a batch wait for the lock on its trace, while two
// others, which have left to it a content that all have, wait for it to commit. Then
// the first one commits, or fails. The third has left another content to the second,
// so it must not store what the failed one has not before the second has ended.
func TestBatchesShareContents(t *testing.T) {
	for name, fails := range map[string]bool{"the first commits": false, "the first fails": true} {
		t.Run(name, func(t *testing.T) {
			e, db := startExporter(t, func(cfg *llmobservatoryexporter.Config) { cfg.RetryConfig.Enabled = false })
			// A call that names no model is priced in the background, which would wait for the lock on its trace, too.
			withModel := func(td ptrace.Traces) {
				td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Attributes().PutStr("gen_ai.request.model", "gpt-4o")
			}
			say := func(trace uint64, span byte, answer string) ptrace.Traces {
				td := said(trace, "alice", "s", time.Now())
				withModel(td)
				s := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
				s.SetSpanID(pcommon.SpanID{span})
				s.Attributes().PutStr("gen_ai.output.messages", `[{"role":"assistant","parts":[{"type":"text","content":"said by all"}]},
					{"role":"assistant","parts":[{"type":"text","content":"`+answer+`"}]}]`)
				return td
			}
			begun := said(1, "alice", "s", time.Now())
			withModel(begun)
			consume(t, e, begun)
			tx, err := db.Begin(t.Context())
			require.NoError(t, err)
			defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
			_, err = tx.Exec(t.Context(), `SELECT FROM llm_traces FOR UPDATE`)
			require.NoError(t, err)
			// Who prices the past again waits for the lock, too, and has locked a table that no batch asks for.
			sessions := func(n int, where string) func() bool {
				return func() bool {
					return countRows(t, db, `SELECT FROM pg_stat_activity a WHERE datname = current_database() AND application_name = 'llm-observatory'
						AND NOT EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.relation = 'llm_internal_days_to_price'::regclass) AND `+where) == n
				}
			}
			send := func(ctx context.Context, td ptrace.Traces) <-chan error {
				result := make(chan error, 1)
				go func() { result <- e.ConsumeTraces(ctx, td) }()
				return result
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			first := send(ctx, say(1, 7, "said by the first"))
			require.Eventually(t, sessions(1, `wait_event_type = 'Lock'`), 20*time.Second, 5*time.Millisecond)
			// A batch that waits for another for a second goes on, as far as the lock on the row of the content.
			const waiting = `(state = 'idle in transaction' OR wait_event_type = 'Lock')`
			second := send(t.Context(), say(2, 8, "said by two"))
			require.Eventually(t, sessions(2, waiting), 20*time.Second, 5*time.Millisecond)
			third := send(t.Context(), say(3, 9, "said by two"))
			require.Eventually(t, sessions(3, waiting), 20*time.Second, 5*time.Millisecond)
			begin := time.Now()
			spans := 4
			if fails {
				cancel()
				require.Error(t, <-first)
				spans--
			} else {
				require.NoError(t, tx.Rollback(t.Context()))
				require.NoError(t, <-first)
			}
			require.NoError(t, <-second)
			require.NoError(t, <-third)
			require.Less(t, time.Since(begin), 20*time.Second, "they did not wait for each other")
			rowcheck.Spans(t, db, spans)
			require.Equal(t, 2, countRows(t, db, `SELECT FROM llm_contents WHERE body::text ~ 'said by (all|two)'`))
		})
	}
}
