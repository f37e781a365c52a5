package write

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"golang.org/x/sync/errgroup"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// manyCalls returns calls of several parts, which go on with a conversation in turn.
func manyCalls(r *rand.Rand, conversation string, turn int) ptrace.Traces {
	lengths := make([]int, 600)
	for i := range lengths {
		lengths[i] = 1 + turn + i%5
	}
	td := callsWith(r, conversation, lengths...)
	td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().AppendEmpty().SetName("without ids, which no row can hold")
	return td
}

// writeMapped writes td as the exporter does, and reports whether contents were stored while td was mapped.
func writeMapped(ctx context.Context, w *Writer, m *mapping.Mapper, td ptrace.Traces) (result Result, ahead bool, err error) {
	contents := w.Mapped(ctx, td.SpanCount(), mapping.DaysOf(td))
	defer contents.Close()
	b, err := m.TracesInParts(ctx, td, contents.Add)
	if err != nil {
		return result, false, err
	}
	result, err = w.Write(ctx, b, contents, allUnknown(b))
	return result, contents != nil, err
}

// TestContentsStoredWhileMappedAreStoredOnce has callers of two processes go on with conversations, each of its own
// and one of all, while the batches are mapped.
func TestContentsStoredWhileMappedAreStoredOnce(t *testing.T) {
	url, pool := storetest.Open(t)
	var group errgroup.Group
	const writers, callers, turns = 2, 2, 5
	all := make([]*Writer, writers)
	for n := range all {
		w := New(storetest.Pool(t, url), "public", window)
		all[n] = w
		mapper := mapping.New(mapping.Options{})
		require.NoError(t, w.EnsureAhead(t.Context()))
		for caller := range callers {
			group.Go(func() error {
				r := rand.New(rand.NewPCG(uint64(n), uint64(caller)))
				for turn := range turns {
					td := manyCalls(r, fmt.Sprint("of ", n, caller), turn)
					if turn%2 == 1 {
						manyCalls(r, "shared", turn).ResourceSpans().MoveAndAppendTo(td.ResourceSpans())
					}
					if _, _, err := writeMapped(t.Context(), w, mapper, td); err != nil {
						return err
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
	require.Equal(t, writers*callers*(turns+turns/2)*600, spans)
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*), count(DISTINCT id) FROM llm_contents").Scan(&contents, &distinct))
	require.Equal(t, distinct, contents)
	require.Equal(t, (writers*callers+1)*(turns+4)-1, distinct, "messages of the conversations; the shared one ends a turn before")
	for _, w := range all {
		require.True(t, w.contents.IsIdle(), "no reservation is left")
	}
}

// TestFiguresAreTheSameWhileMapped compares the counts of contents with those of batches that are mapped first.
func TestFiguresAreTheSameWhileMapped(t *testing.T) {
	one, _ := newWriter(t)
	other, pool := newWriter(t)
	mapper := mapping.New(mapping.Options{})
	for turn := range 3 {
		td := manyCalls(rand.New(rand.NewPCG(1, uint64(turn))), "c", turn)
		want, err := one.Write(t.Context(), mapped(t, mapper, td), nil, nil)
		require.NoError(t, err)
		result, ahead, err := writeMapped(t.Context(), other, mapper, td)
		require.NoError(t, err)
		require.True(t, ahead)
		require.Equal(t, want.ContentsWritten, result.ContentsWritten)
		require.Equal(t, want.ContentsWrittenBytes, result.ContentsWrittenBytes)
		require.Equal(t, want.ContentsReused, result.ContentsReused)
		require.Equal(t, want.ContentsReusedBytes, result.ContentsReusedBytes)
	}
	rowcheck.Consistent(t, pool)
}

// TestMappingThatFailsLeavesNothing ends a batch while some of its parts are stored.
func TestMappingThatFailsLeavesNothing(t *testing.T) {
	for name, cancelled := range map[string]bool{"failed": false, "cancelled": true} {
		t.Run(name, func(t *testing.T) {
			w, pool := newWriter(t)
			require.NoError(t, w.EnsureAhead(t.Context()))
			mapper := mapping.New(mapping.Options{})
			td := manyCalls(rand.New(rand.NewPCG(1, 2)), "c", 0)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			contents := w.Mapped(ctx, td.SpanCount(), mapping.DaysOf(td))
			require.NotNil(t, contents)
			contents.Add(mapped(t, mapper, td))
			if cancelled {
				cancel()
			}
			contents.Close()
			contents.Close() // as the exporter does, whatever came before
			require.True(t, w.contents.IsIdle(), "no reservation is left")
			var rows, open int
			require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM llm_contents").Scan(&rows))
			require.Zero(t, rows)
			require.Eventually(t, func() bool {
				err := pool.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity
					WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL AND backend_type = 'client backend'`).Scan(&open)
				return err == nil && open == 0
			}, time.Minute, 5*time.Millisecond, "no transaction is left")
			result, ahead, err := writeMapped(t.Context(), w, mapper, td)
			require.NoError(t, err)
			require.True(t, ahead)
			require.Equal(t, 600, result.SpansWritten)
			rowcheck.Consistent(t, pool)
		})
	}
}

// TestMappingDoesNotWaitForAConnection has other transactions keep all connections while a batch is mapped.
func TestMappingDoesNotWaitForAConnection(t *testing.T) {
	_, pool := storetest.Open(t)
	w := New(pool, "public", window)
	require.NoError(t, w.EnsureAhead(t.Context()))
	others := make([]*pgxpool.Conn, pool.Config().MaxConns)
	for i := range others {
		var err error
		others[i], err = pool.Acquire(t.Context())
		require.NoError(t, err)
	}
	release := func() {
		for _, other := range others {
			other.Release()
		}
	}
	td := manyCalls(rand.New(rand.NewPCG(1, 1)), "a conversation", 0)
	contents := w.Mapped(t.Context(), td.SpanCount(), mapping.DaysOf(td))
	defer contents.Close()
	defer release() // again, which does nothing
	require.NotNil(t, contents)
	b, err := mapping.New(mapping.Options{}).TracesInParts(t.Context(), td, contents.Add)
	require.NoError(t, err)
	release()
	result, err := w.Write(t.Context(), b, contents, allUnknown(b))
	require.NoError(t, err)
	require.Equal(t, 600, result.SpansWritten)
}

// TestContentsMappedGoTheOldWay has contents that are there already, and a batch that is stored in halves.
func TestContentsMappedGoTheOldWay(t *testing.T) {
	url, pool := storetest.Open(t)
	w, other := New(storetest.Pool(t, url), "public", window), New(storetest.Pool(t, url), "public", window)
	mapper := mapping.New(mapping.Options{})
	r := rand.New(rand.NewPCG(1, 2))
	_, err := other.Write(t.Context(), mapped(t, mapper, callsWith(r, "c", 3)), nil, nil)
	require.NoError(t, err)

	result, ahead, err := writeMapped(t.Context(), w, mapper, manyCalls(r, "c", 0))
	require.NoError(t, err)
	require.True(t, ahead)
	require.Equal(t, 600, result.SpansWritten)
	require.Equal(t, 2, result.ContentsWritten, "three messages were there")
	_, ahead, err = writeMapped(t.Context(), w, mapper, manyCalls(r, "d", 0))
	require.NoError(t, err)
	require.False(t, ahead, "contents may be there")

	w = New(storetest.Pool(t, url), "public", window)
	td := manyCalls(r, "e", 0)
	contents := w.Mapped(t.Context(), td.SpanCount(), mapping.DaysOf(td))
	require.NotNil(t, contents)
	b, err := mapper.TracesInParts(t.Context(), td, contents.Add)
	require.NoError(t, err)
	w.size.tookTooLong(400)
	result, err = w.Write(t.Context(), b, contents, allUnknown(b))
	require.NoError(t, err)
	require.Equal(t, 600, result.SpansWritten)
	require.True(t, w.contents.IsIdle())
	rowcheck.Consistent(t, pool)
}

// TestConnectionLostWhileMapped ends the connection on which contents are stored.
func TestConnectionLostWhileMapped(t *testing.T) {
	w, pool := newWriter(t)
	require.NoError(t, w.EnsureAhead(t.Context()))
	mapper := mapping.New(mapping.Options{})
	td := manyCalls(rand.New(rand.NewPCG(1, 2)), "c", 0)
	contents := w.Mapped(t.Context(), td.SpanCount(), mapping.DaysOf(td))
	require.NotNil(t, contents)
	b := mapped(t, mapper, td)
	contents.Add(b)
	require.Eventually(t, func() bool {
		var ended bool
		err := pool.QueryRow(t.Context(), `SELECT bool_or(pg_terminate_backend(pid)) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL AND backend_type = 'client backend'`).Scan(&ended)
		return err == nil && ended
	}, time.Minute, time.Millisecond)
	result, err := w.Write(t.Context(), b, contents, allUnknown(b))
	require.Error(t, err)
	require.Len(t, result.Left, 600)
	require.True(t, w.contents.IsIdle(), "no reservation is left")
	result, err = w.Write(t.Context(), b, nil, allUnknown(b))
	require.NoError(t, err)
	require.Equal(t, 600, result.SpansWritten)
	rowcheck.Consistent(t, pool)
}

// TestContentsMappedOfAnotherDay has events that start on a day that no span of the batch does, for which the
// transaction began too early. Day 0 is that of the span without ids.
func TestContentsMappedOfAnotherDay(t *testing.T) {
	w, pool := newWriter(t)
	mapper := mapping.New(mapping.Options{})
	td := manyCalls(rand.New(rand.NewPCG(1, 2)), "c", 0)
	contents := w.Mapped(t.Context(), td.SpanCount(), mapping.DaysOf(td)[1:])
	require.NotNil(t, contents)
	b, err := mapper.TracesInParts(t.Context(), td, contents.Add)
	require.NoError(t, err)
	late := callsWith(rand.New(rand.NewPCG(3, 4)), "d", 2)
	span := late.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
	span.SetStartTimestamp(span.StartTimestamp() - 24*3600e9)
	calls := mapped(t, mapper, late)
	contents.Add(calls)
	b.Add(calls)
	result, err := w.Write(t.Context(), b, contents, allUnknown(b))
	require.NoError(t, err)
	require.Equal(t, 601, result.SpansWritten)
	require.True(t, w.optimism.justified(), "nothing was there that was not expected")
	require.True(t, w.contents.IsIdle())
	rowcheck.Consistent(t, pool)
}

// TestFaultsOfContentsMappedSetSpansAside has a span that Postgres cannot store among those of a batch whose contents
// are stored while it is mapped.
func TestFaultsOfContentsMappedSetSpansAside(t *testing.T) {
	w, pool := newWriter(t)
	_, err := pool.Exec(t.Context(), `ALTER TABLE llm_spans ADD CHECK (name <> 'poison')`)
	require.NoError(t, err)
	td := manyCalls(rand.New(rand.NewPCG(1, 2)), "c", 0)
	span := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(300)
	span.SetName("poison")
	span.SetEndTimestamp(pcommon.NewTimestampFromTime(time.Now()))
	result, ahead, err := writeMapped(t.Context(), w, mapping.New(mapping.Options{}), td)
	require.NoError(t, err)
	require.True(t, ahead)
	require.Equal(t, 599, result.SpansWritten)
	require.Equal(t, 1, result.SetAside["23514"].Spans)
	require.True(t, w.contents.IsIdle())
	rowcheck.Consistent(t, pool)
}
