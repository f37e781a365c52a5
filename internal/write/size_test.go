package write

import (
	"context"
	"encoding/binary"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// TestBatchThatTakesTooLongIsDivided stores a batch that takes longer than a transaction may: by the
// exporter's timeout, or by the server's statement_timeout. Each attempt stores a part, nothing is stored
// twice, and once the server is quick again a batch is one transaction.
func TestBatchThatTakesTooLongIsDivided(t *testing.T) {
	const spans = 400
	for name, slow := range map[string]struct {
		timeout   time.Duration
		statement string
	}{
		"timeout":           {time.Second, "0"},
		"statement_timeout": {time.Minute, "500ms"},
	} {
		t.Run(name, func(t *testing.T) {
			url, pool := storetest.Open(t)
			w := New(storetest.Pool(t, url+"?options=-c%20statement_timeout%3D"+slow.statement), "public", window)
			require.NoError(t, w.EnsureAhead(t.Context()))
			exec(t, pool, `CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.005); RETURN NEW; END $$`)
			exec(t, pool, "CREATE TRIGGER wait BEFORE INSERT ON llm_spans FOR EACH ROW EXECUTE FUNCTION wait()")

			attempt := func(spans []mapping.Span, timeout time.Duration) Result {
				ctx, cancel := context.WithTimeout(t.Context(), timeout)
				defer cancel()
				result, err := w.Write(ctx, batchOf(spans...), nil, nil)
				require.Empty(t, result.SetAside)
				require.Equal(t, err != nil, len(result.Left) > 0, "%v", err)
				return result
			}
			left := someCalls(0, spans)
			attempts := 0
			for done := 0; len(left) > 0; attempts++ {
				require.Less(t, attempts, 200) // a busy machine has not the time for a single row in each
				result := attempt(left, slow.timeout)
				done += result.SpansWritten + result.SpansDuplicate // of a commit whose answer was lost
				require.Equal(t, spans, done+len(result.Left))
				left = result.Left
			}
			t.Log(attempts, "attempts")
			require.Equal(t, spans, count(t, pool, "llm_spans"))
			require.Less(t, w.size.max(), spans)

			exec(t, pool, "DROP FUNCTION wait CASCADE")
			for i := 1; w.size.max() < spans; i++ {
				require.Less(t, i, 60)
				for left = someCalls(i, spans); len(left) > 0; { // a part of a minute is quick on a busy machine, too
					left = attempt(left, time.Minute).Left
				}
			}
		})
	}
}

// someCalls are calls of traces of ten.
func someCalls(batch, n int) []mapping.Span {
	spans := make([]mapping.Span, n)
	for i := range spans {
		spans[i] = callOf(byte(i/10), byte(i%10+1))
		binary.BigEndian.PutUint32(spans[i].TraceID[4:], uint32(batch)) //nolint:gosec // small
	}
	return spans
}
