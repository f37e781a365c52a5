package write

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/store"
)

func spanOn(day int32, id byte) mapping.Span {
	s := mapping.Span{SpanKind: "internal", Status: "unset", Day: day, Start: int64(day) * 86_400_000_000}
	s.End = s.Start
	s.TraceID[0], s.SpanID[0] = id, id
	return s
}

// TestDaysGetPartitionsOnDemand stores spans of late, early and absurd days.
func TestDaysGetPartitionsOnDemand(t *testing.T) {
	w, pool := newWriter(t)
	today := store.DayOf(time.Now())
	for i, day := range []int32{today, today - 30, today + 5, 0, today - 5000, today + 9000} {
		write(t, w, spanOn(day, byte(i+1)))
	}
	var partitions, inDefault int
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM pg_inherits WHERE inhparent = 'llm_spans'::regclass`).Scan(&partitions))
	require.Equal(t, 4, partitions, "three days and the default")
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM llm_spans_default`).Scan(&inDefault))
	require.Equal(t, 3, inDefault)
}

// TestLongQueryDoesNotStallWriters holds a lock on the default partition, as a
// query over all days does, while a new day begins.
func TestLongQueryDoesNotStallWriters(t *testing.T) {
	w, pool := newWriter(t)
	tx, err := pool.Begin(t.Context())
	require.NoError(t, err)
	var n int
	require.NoError(t, tx.QueryRow(t.Context(), `SELECT count(*) FROM llm_spans`).Scan(&n))
	day := store.DayOf(time.Now()) - 3
	write(t, w, spanOn(day, 1))
	require.NoError(t, tx.QueryRow(t.Context(), `SELECT count(*) FROM llm_spans_default`).Scan(&n))
	require.Equal(t, 1, n, "waits in the default partition")
	require.NoError(t, tx.Rollback(t.Context()))

	w.days.Forget() // and the postponement with it
	write(t, w, spanOn(day, 2))
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM llm_spans_default`).Scan(&n))
	require.Zero(t, n, "moved to its day")
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM llm_spans`).Scan(&n))
	require.Equal(t, 2, n)
}

// TestOneConnectionIsEnough writes new days from several callers through a pool
// of a single connection.
func TestOneConnectionIsEnough(t *testing.T) {
	_, pool := newWriter(t)
	config := pool.Config()
	config.MaxConns = 1
	single, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(single.Close)
	w := New(single, "public", window)
	today := store.DayOf(time.Now())
	group, ctx := errgroup.WithContext(t.Context())
	for i := range byte(4) {
		group.Go(func() error {
			_, err := w.Write(ctx, batchOf(spanOn(today-int32(i)-1, i+1)), nil, nil)
			return err
		})
	}
	require.NoError(t, group.Wait())
}
