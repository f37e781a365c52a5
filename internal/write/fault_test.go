package write

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/panics"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
)

// TestFaultOfTheWriterCostsItsOwnSpanOnly brings the writer down on one span, in every step, in the
// goroutine of the batch and in one beside. The process lives, and all other spans are stored.
func TestFaultOfTheWriterCostsItsOwnSpanOnly(t *testing.T) {
	w, pool := newWriter(t)
	plain := steps
	t.Cleanup(func() { steps = plain })
	bad := callOf(200, 200)
	isBad := func(s mapping.Span) bool { return s.Name == bad.Name }
	trace := byte(0)
	for at := range plain {
		for name, fail := range map[string]func(*transaction){
			"here":   func(*transaction) { var none []int; _ = none[1] },
			"beside": func(tr *transaction) { tr.ahead.Go(func() { panic("said by alice") }) },
		} {
			steps = slices.Clone(plain)
			steps[at].do = func(tr *transaction, ctx context.Context) error {
				if slices.ContainsFunc(tr.batch.Spans, isBad) {
					fail(tr)
					tr.ahead.Wait()
				}
				return plain[at].do(tr, ctx)
			}
			trace++
			b := batchOf(callOf(trace, 1), callOf(trace, 2), bad, callOf(trace, 3), callOf(trace, 4))
			result, err := w.Write(t.Context(), b, nil, allUnknown(b))
			require.NoError(t, err)
			require.Equal(t, 4, result.SpansWritten, "step %d, %s", at, name)
			aside := result.SetAside[writeFailed]
			require.Equal(t, 1, aside.Spans)
			var as *panics.Error
			require.ErrorAs(t, aside.Err, &as)
			require.NotContains(t, as.Error()+as.Stack, "alice")
			require.Contains(t, as.Stack, "TestFaultOfTheWriter")
		}
	}
	steps = plain
	write(t, w, bad)
	requireFlags(t, pool, "after faults")
	rowcheck.Rollups(t, pool)
}
