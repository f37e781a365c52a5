package write

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"golang.org/x/sync/errgroup"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
	"github.com/llm-observatory/llmobservatoryexporter/internal/trace"
)

// TestBatchesThatShareEverythingEnd has two writers, as of two processes, store batches
// that share contents, traces and resources, each in an order of its own. Where batches
// wait in a circle, the wait has a bound (docs/architecture.md), and no batch fails.
func TestBatchesThatShareEverythingEnd(t *testing.T) {
	url, pool := storetest.Open(t)
	var group errgroup.Group
	const writers, callers, batches = 2, 3, 8
	today := store.DayOf(time.Now())
	for writer := range writers {
		w := New(storetest.Pool(t, url), "public", window)
		require.NoError(t, w.EnsureAhead(t.Context()))
		for caller := range callers {
			group.Go(func() error {
				r := rand.New(rand.NewPCG(uint64(writer), uint64(caller)))
				for n := range batches {
					b := shuffled(r, today, byte(1+writer), byte(1+caller), byte(1+n))
					begin := time.Now()
					if _, err := w.Write(t.Context(), b, nil, nil); err != nil {
						return err
					}
					if took := time.Since(begin); took > 30*time.Second {
						return fmt.Errorf("a batch took %s", took)
					}
				}
				return nil
			})
		}
	}
	require.NoError(t, group.Wait())
	rowcheck.Consistent(t, pool)
	var spans, contents, distinct int
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM llm_spans").Scan(&spans))
	require.Equal(t, writers*callers*batches*10, spans)
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*), count(DISTINCT id) FROM llm_contents").Scan(&contents, &distinct))
	require.Equal(t, distinct, contents)
}

// shuffled is a batch of ten new spans of ten shared traces, with shared contents.
func shuffled(r *rand.Rand, today int32, writer, caller, n byte) *mapping.Batch {
	var spans []mapping.Span
	for _, trace := range r.Perm(10) {
		s := callOf(byte(1+trace), 0)
		s.SpanID = [8]byte{writer, caller, n, byte(trace)}
		s.Start = int64(today)*86_400_000_000 + int64(n)
		s.End = s.Start
		s.ResourceID = content.Of(fmt.Append(nil, r.IntN(3)))
		spans = append(spans, s)
	}
	b := batchOf(spans...)
	for i := range b.Spans {
		s := &b.Spans[i]
		b.Resources[s.ResourceID] = []byte(`{}`)
		for range 5 {
			body := fmt.Appendf(nil, `"shared %d"`, r.IntN(40))
			s.InputMessageIDs = append(s.InputMessageIDs, content.Of(body))
			b.Contents[content.Key{Day: s.Day, ID: content.Of(body)}] = body
		}
	}
	return b
}

// TestTraceThatAppearsMeanwhileIsCountedAnew has a batch create a trace that another one
// is creating: what it worked out for a new trace is dropped.
func TestTraceThatAppearsMeanwhileIsCountedAnew(t *testing.T) {
	w, pool := newWriter(t)
	parent, child := callOf(1, 1), callOf(1, 2)
	child.ParentSpanID = parent.SpanID
	write(t, w, callOf(2, 3)) // the day is there
	release := holdEnds(t, pool)
	var group errgroup.Group
	for i, s := range []mapping.Span{parent, child} {
		group.Go(func() error { _, err := w.Write(t.Context(), batchOf(s), nil, nil); return err })
		awaitLock(t, pool, []string{"relation", "transactionid"}[i])
	}
	release()
	require.NoError(t, group.Wait())
	requireFlags(t, pool, "a trace that two batches create")
	rowcheck.Rollups(t, pool)
	var awaited int
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM llm_internal_awaited_spans").Scan(&awaited))
	require.Zero(t, awaited, "spans that are there")
}

// TestBatchesInsertTracesWhileOthersCreateTheSame has a transaction create a trace that a
// batch is about to COPY: the batch waits and starts over, and the next batches insert.
func TestBatchesInsertTracesWhileOthersCreateTheSame(t *testing.T) {
	w, pool := newWriter(t)
	write(t, w, callOf(2, 3)) // the day is there
	other := New(pool, "public", window)
	release := holdEnds(t, pool)
	var group errgroup.Group
	group.Go(func() error { _, err := other.Write(t.Context(), batchOf(callOf(1, 1)), nil, nil); return err })
	awaitLock(t, pool, "relation")
	var result Result
	group.Go(func() (err error) {
		result, err = w.Write(t.Context(), batchOf(callOf(1, 2), callOf(3, 1)), nil, nil)
		return err
	})
	awaitLock(t, pool, "transactionid")
	release()
	require.NoError(t, group.Wait())
	require.Equal(t, 1, result.TracesCreated)
	rowcheck.Rollups(t, pool)
	require.False(t, w.newTraces.justified())
	for i := range byte(pausedBatches) {
		write(t, w, callOf(10+i, 1))
	}
	require.True(t, w.newTraces.justified())
}

// TestUnknownTracesAreTakenForNew has a collector bring spans of traces that another has
// stored: the first batch finds out, and the next ones ask, until none finds such a trace.
func TestUnknownTracesAreTakenForNew(t *testing.T) {
	w, pool := newWriter(t)
	for trace := range byte(3) {
		write(t, w, callOf(1+trace, 1))
	}
	other := New(pool, "public", window)
	store := func(spans ...mapping.Span) Result {
		unknown := map[pcommon.TraceID]bool{}
		for i := range spans {
			unknown[spans[i].TraceID] = true
		}
		result, err := other.Write(t.Context(), batchOf(spans...), nil, unknown)
		require.NoError(t, err)
		require.Equal(t, len(spans), result.SpansWritten)
		return result
	}
	require.Equal(t, 2, store(callOf(4, 1), callOf(5, 1)).TracesCreated)
	require.True(t, other.newTraces.justified())
	require.Equal(t, 1, store(callOf(1, 2), callOf(6, 1)).TracesCreated)
	require.Equal(t, pausedBatches, other.newTraces.pause)
	store(callOf(7, 1))
	store(callOf(8, 1))
	require.Equal(t, pausedBatches-2, other.newTraces.pause)
	store(callOf(2, 2))
	require.Equal(t, pausedBatches, other.newTraces.pause, "the trace was stored")
	for i := range byte(pausedBatches) {
		store(callOf(10+i, 1))
	}
	require.True(t, other.newTraces.justified())
	require.Zero(t, store(callOf(3, 2), callOf(1, 3)).TracesCreated)
	rowcheck.Rollups(t, pool)
	requireFlags(t, pool, "traces that no cache knows")
}

// TestTracesCountedAheadArePaired has a batch of traces that no cache knows, with answers that events
// without context may observe, which the batch learns while it counts the traces as new.
func TestTracesCountedAheadArePaired(t *testing.T) {
	w, pool := newWriter(t)
	exec(t, pool, `INSERT INTO llm_internal_call_candidates (key, end_time, origin, start_time, by_time, has_id, span_id)
		VALUES ($1, now(), gen_random_uuid(), now(), false, false, '')`, int64(trace.WithoutContextKey))
	const traces = 2000
	var spans []mapping.Span
	unknown := map[pcommon.TraceID]bool{}
	for i := range traces {
		outer := callOf(1, 1)
		binary.BigEndian.PutUint32(outer.TraceID[:], uint32(i+1))
		outer.ParentSpanID = pcommon.SpanID{0xff} // does not come
		inner := outer
		inner.SpanID, inner.ParentSpanID, inner.ResponseID = pcommon.SpanID{2}, outer.SpanID, strconv.Itoa(i)
		unknown[outer.TraceID] = true
		spans = append(spans, outer, inner)
	}
	result, err := w.Write(t.Context(), batchOf(spans...), nil, unknown)
	require.NoError(t, err)
	require.Equal(t, len(spans), result.SpansWritten)
	require.Equal(t, traces, result.TracesCreated)
	require.True(t, w.optimism.justified(), "one attempt is enough")
	rowcheck.Rollups(t, pool)
	requireFlags(t, pool, "counted ahead, then paired")
}

// TestBatchesOfATraceWaitForOneAnother has two collectors add spans to one stored trace at once:
// the second reads the sums of the trace only when the first has stored its own.
func TestBatchesOfATraceWaitForOneAnother(t *testing.T) {
	w, pool := newWriter(t)
	write(t, w, callOf(1, 1))
	release := holdEnds(t, pool)
	var group errgroup.Group
	for n, writer := range []*Writer{w, New(pool, "public", window)} {
		group.Go(func() error {
			_, err := writer.Write(t.Context(), batchOf(callOf(1, byte(2+n))), nil, nil)
			return err
		})
		awaitLock(t, pool, []string{"relation", "transactionid"}[n])
	}
	release()
	require.NoError(t, group.Wait())
	rowcheck.Rollups(t, pool)
	var spans int
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT span_count FROM llm_traces").Scan(&spans))
	require.Equal(t, 3, spans)
}

// holdEnds keeps batches from ending until release.
func holdEnds(t *testing.T, pool *pgxpool.Pool) (release func()) {
	t.Helper()
	tx, err := pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "LOCK TABLE llm_usage_hours IN SHARE MODE")
	require.NoError(t, err)
	t.Cleanup(func() { _ = tx.Rollback(context.Background()) }) // of a test that fails before
	return func() { require.NoError(t, tx.Rollback(t.Context())) }
}

// awaitLock waits until somebody waits for a lock of a kind.
func awaitLock(t *testing.T, pool *pgxpool.Pool, kind string) {
	t.Helper()
	require.Eventually(t, func() (found bool) {
		require.NoError(t, pool.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid)
			WHERE a.datname = current_database() AND NOT l.granted AND l.locktype = $1)`, kind).Scan(&found))
		return found
	}, 30*time.Second, 5*time.Millisecond, kind)
}
