package write

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"golang.org/x/sync/errgroup"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
)

// allUnknown are the traces of a batch, as of a process that knows none.
func allUnknown(b *mapping.Batch) map[pcommon.TraceID]bool {
	unknown := map[pcommon.TraceID]bool{}
	for _, g := range groupByTrace(b) {
		unknown[g.trace] = true
	}
	return unknown
}

// TestTracesOfTwoBatchesInFlight has a trace come in two batches at once: the second waits for the first and
// adds to its row, and the batches after go on copying new traces.
func TestTracesOfTwoBatchesInFlight(t *testing.T) {
	w, pool := newWriter(t)
	write(t, w, callOf(9, 3)) // the day is there
	release := holdEnds(t, pool)
	batches := []*mapping.Batch{batchOf(callOf(2, 1), callOf(3, 1)), batchOf(callOf(1, 1), callOf(3, 2), callOf(4, 1))}
	results := make([]Result, len(batches))
	var group errgroup.Group
	for i, b := range batches {
		group.Go(func() (err error) {
			results[i], err = w.Write(t.Context(), b, nil, allUnknown(b))
			return err
		})
		awaitLock(t, pool, []string{"relation", "transactionid"}[i])
	}
	release()
	require.NoError(t, group.Wait())
	require.Equal(t, 2, results[0].TracesCreated)
	require.Equal(t, 2, results[1].TracesCreated)
	require.True(t, w.newTraces.justified())
	requireFlags(t, pool, "a trace in two batches")
	rowcheck.Rollups(t, pool)
}

// TestTraceOfALaterBatch has a batch overtake another one that has begun and counts its traces as new.
func TestTraceOfALaterBatch(t *testing.T) {
	w, pool := newWriter(t)
	parent, child := callOf(1, 1), callOf(1, 2)
	child.ParentSpanID = parent.SpanID
	write(t, w, callOf(9, 3)) // the day is there
	tx, err := pool.Begin(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { _ = tx.Rollback(context.Background()) })
	_, err = tx.Exec(t.Context(), "LOCK TABLE llm_contents IN ACCESS EXCLUSIVE MODE") // only the first has contents
	require.NoError(t, err)
	body := []byte(`"text"`)
	child.InputMessageIDs = []content.ID{content.Of(body)}
	first := batchOf(child, callOf(2, 1))
	first.Contents[content.Key{Day: child.Day, ID: content.Of(body)}] = body
	var group errgroup.Group
	var result Result
	group.Go(func() (err error) {
		result, err = w.Write(t.Context(), first, nil, allUnknown(first))
		return err
	})
	awaitLock(t, pool, "relation")
	second := batchOf(parent)
	_, err = w.Write(t.Context(), second, nil, allUnknown(second))
	require.NoError(t, err)
	require.NoError(t, tx.Rollback(t.Context()))
	require.NoError(t, group.Wait())
	require.Equal(t, 1, result.TracesCreated)
	require.True(t, w.newTraces.justified())
	requireFlags(t, pool, "a trace of a later batch")
	rowcheck.Rollups(t, pool)
}

// TestTraceInBothHalves has a batch stored in halves that have a trace in common.
func TestTraceInBothHalves(t *testing.T) {
	w, pool := newWriter(t)
	w.size.rows = 2
	b := batchOf(callOf(2, 1), callOf(1, 1), callOf(1, 2), callOf(3, 1))
	_, err := w.Write(t.Context(), b, nil, allUnknown(b))
	require.NoError(t, err)
	require.True(t, w.newTraces.justified())
	rowcheck.Rollups(t, pool)
}

// TestCommonTraces compares common with a look at every pair.
func TestCommonTraces(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		a, b := groupByTrace(randomBatch(r)), groupByTrace(randomBatch(r))
		var want, got []pcommon.TraceID
		for _, g := range a {
			if slices.ContainsFunc(b, func(other group) bool { return other.trace == g.trace }) {
				want = append(want, g.trace)
			}
		}
		common(a, b, func(id pcommon.TraceID) { got = append(got, id) })
		require.Equal(t, want, got)
	}
}

func randomBatch(r *rand.Rand) *mapping.Batch {
	b := &mapping.Batch{Spans: make([]mapping.Span, r.IntN(8))}
	for i := range b.Spans {
		b.Spans[i].TraceID[0], b.Spans[i].TraceID[15] = byte(r.IntN(3)), byte(r.IntN(3))
	}
	return b
}
