package llmobservatoryexporter

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
)

// TestBatchesShareContents lets a batch wait for the lock on its trace, while
// another, which has left to it a content that both have, waits for it to commit. Then
// the first one commits, or fails.
func TestBatchesShareContents(t *testing.T) {
	for name, fails := range map[string]bool{"the first commits": false, "the first fails": true} {
		t.Run(name, func(t *testing.T) {
			e, db := startExporter(t, func(cfg *Config) { cfg.RetryConfig.Enabled = false })
			say := func(trace uint64, span byte) ptrace.Traces {
				td := said(trace, "alice", "s", time.Now())
				s := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
				s.SetSpanID(pcommon.SpanID{span})
				s.Attributes().PutStr("gen_ai.output.messages", `[{"role":"assistant","parts":[{"type":"text","content":"said by both"}]}]`)
				return td
			}
			consume(t, e, said(1, "alice", "s", time.Now()))
			tx, err := db.Begin(t.Context())
			require.NoError(t, err)
			defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
			_, err = tx.Exec(t.Context(), `SELECT FROM llm_traces FOR UPDATE`)
			require.NoError(t, err)
			sessions := func(where string) func() bool {
				return func() bool {
					return countRows(t, db, `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'llm-observatory' AND `+where) == 1
				}
			}
			send := func(ctx context.Context, td ptrace.Traces) <-chan error {
				result := make(chan error, 1)
				go func() { result <- e.ConsumeTraces(ctx, td) }()
				return result
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			first := send(ctx, say(1, 7))
			require.Eventually(t, sessions(`wait_event_type = 'Lock'`), 20*time.Second, 5*time.Millisecond)
			second := send(t.Context(), say(2, 8))
			require.Eventually(t, sessions(`state = 'idle in transaction'`), 20*time.Second, 5*time.Millisecond)
			spans := 3
			if fails {
				cancel()
				require.Error(t, <-first)
				spans--
			} else {
				require.NoError(t, tx.Rollback(t.Context()))
				require.NoError(t, <-first)
			}
			require.NoError(t, <-second)
			rowcheck.Spans(t, db, spans)
			require.Equal(t, 1, countRows(t, db, `SELECT FROM llm_contents WHERE body::text LIKE '%said by both%'`))
		})
	}
}
