package write

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
)

// TestSmallTracesAreFoundFromAbove stores traces that come complete and then grow, some beyond the size up to
// which their spans have no entry in llm_spans_below, and the same spans span by span, the last first. What
// counts, and which call the views show the usage of a span around calls on, is the same.
func TestSmallTracesAreFoundFromAbove(t *testing.T) {
	w, pool := newWriter(t)
	traces := 40
	if testing.Short() {
		traces = 12
	}
	for seed := range traces {
		r := rand.New(rand.NewPCG(uint64(seed), 41))
		spans := randomTrace(r, []int{20, 110}[seed%2], false)
		type observation struct {
			id    pcommon.SpanID
			start int64
		}
		kept := map[observation]bool{}
		spans = slices.DeleteFunc(spans, func(s mapping.Span) bool { // of two that are the same observation the first stays
			at := observation{s.SpanID, s.Start}
			again := kept[at]
			kept[at] = true
			return again
		})
		for i := range spans {
			spans[i].ScopeName = "a" // which calls side by side are linked may depend on the order
			if spans[i].ParentSpanID[7] <= 1 && [3]byte(spans[i].ParentSpanID[:3]) == [3]byte{1, 2, 3} {
				spans[i].ParentSpanID = pcommon.SpanID{} // complete from the first batch on
			}
		}
		first := min(2+r.IntN(len(spans)), len(spans))
		write(t, w, spans[:first]...)
		for at := first; at < len(spans); {
			n := min(1+r.IntN(9), len(spans)-at)
			write(t, w, spans[at:at+n]...)
			at += n
		}
		var small, others int
		require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FILTER (WHERE small_trace), count(*) FILTER (WHERE small_trace IS NULL) FROM llm_spans WHERE trace_id = $1",
			[16]byte(spans[0].TraceID)).Scan(&small, &others))
		require.True(t, small == 0 || others == 0, "seed %d: all of a trace or none", seed)
		require.Equal(t, first > 1 && len(spans) <= 64, small > 0, "seed %d: %d of %d came at first", seed, first, len(spans))
		again := make([]mapping.Span, len(spans))
		copy(again, spans)
		id := randomTraceID(r)
		for i := len(again) - 1; i >= 0; i-- {
			again[i].TraceID = id
			write(t, w, again[i])
		}
		requireSameBelow(t, pool, spans[0].TraceID, id)
	}
	requireFlags(t, pool, "small traces")
	rowcheck.Rollups(t, pool)
}

// requireSameBelow compares what the views find below the spans of two traces.
func requireSameBelow(t *testing.T, pool *pgxpool.Pool, one, other pcommon.TraceID) {
	t.Helper()
	rows, err := pool.Query(t.Context(), `WITH found AS (
			SELECT s.trace_id, s.span_id, s.start_time, c.span_id AS call, c.start_time AS call_start,
				llm_internal_has_usage_call(s.trace_id, s.span_id, s.kind, s.status = 'error', t.span_count, t.start_time, t.end_time) AS has
			FROM llm_spans s JOIN llm_traces t ON t.id = s.trace_id
			LEFT JOIN LATERAL llm_internal_usage_call(s.trace_id, s.span_id, t.start_time, t.end_time) c ON true
			WHERE s.trace_id IN ($1, $2))
		SELECT span_id, start_time, call, call_start, has, count(*) FROM found
		GROUP BY 1, 2, 3, 4, 5 HAVING count(*) <> 2`, [16]byte(one), [16]byte(other))
	require.NoError(t, err)
	different, err := pgx.CollectRows(rows, pgx.RowToMap)
	require.NoError(t, err)
	require.Empty(t, different, "trace %v", one)
}
