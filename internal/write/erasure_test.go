package write

import (
	"math/rand/v2"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
)

// TestErasureOfAPartLeavesWhatTheDefinitionSays stores most spans of random forests,
// erases one user's, and lets the rest arrive, of which some were erased before.
func TestErasureOfAPartLeavesWhatTheDefinitionSays(t *testing.T) {
	w, pool := newWriter(t)
	traces := 150
	if testing.Short() {
		traces = 60
	}
	var late [][]mapping.Span
	for seed := range traces {
		r := rand.New(rand.NewPCG(uint64(seed), 18))
		spans := randomTrace(r, []int{4, 12, 30}[seed%3], seed%2 == 1)
		before := len(spans) - r.IntN(1+len(spans)/3)
		for _, batch := range randomBatches(r, spans[:before]) {
			write(t, w, batch...)
		}
		rest := append(spans[before:], spans[r.IntN(before)], spans[r.IntN(before)])
		late = append(late, randomBatches(r, rest)...)
	}
	turned := flagsTurned(t, pool, func() {
		var erased, gone int
		require.NoError(t, pool.QueryRow(t.Context(), `SELECT spans, traces FROM llm_erase_user('ann')`).Scan(&erased, &gone))
		require.Greater(t, erased, traces)
		require.Less(t, gone, traces/2)
	})
	require.NotZero(t, turned, "spans that repeated an erased one count now")
	requireLeft(t, pool, "after the erasure")
	for _, batch := range late {
		write(t, w, batch...)
	}
	requireLeft(t, pool, "after late spans")
}

// requireLeft requires that flags, rows of traces and pairs follow the definition.
func requireLeft(t *testing.T, pool *pgxpool.Pool, when string) {
	t.Helper()
	requireFlags(t, pool, when)
	rowcheck.Rollups(t, pool)
	requireNames(t, pool)
	var strays int
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM llm_internal_side_by_side p WHERE NOT EXISTS (
		SELECT FROM llm_spans i JOIN llm_spans o ON o.trace_id = i.trace_id AND o.kind = i.kind AND o.scope_name IS DISTINCT FROM i.scope_name
		WHERE i.trace_id = p.trace_id AND i.span_id = p.inner_span_id AND o.span_id = p.outer_span_id
			AND i.start_time >= o.start_time AND i.end_time <= o.end_time)`).Scan(&strays))
	require.Zero(t, strays, "pairs of spans that are gone, "+when)
}

// flagsTurned counts the flags that go from false to true.
func flagsTurned(t *testing.T, pool *pgxpool.Pool, do func()) (n int) {
	t.Helper()
	_, err := pool.Exec(t.Context(), `CREATE TABLE before AS SELECT trace_id, span_id, start_time, counted, usage_counted FROM llm_spans`)
	require.NoError(t, err)
	do()
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM before b JOIN llm_spans s USING (trace_id, span_id, start_time)
		WHERE s.counted > b.counted OR s.usage_counted > b.usage_counted`).Scan(&n))
	return n
}

// TestErasureKeepsOtherObservationsOfASpan erases one of two observations of a span id.
func TestErasureKeepsOtherObservationsOfASpan(t *testing.T) {
	w, pool := newWriter(t)
	spans := randomTrace(rand.New(rand.NewPCG(1, 1)), 1, false)
	again := spans[0]
	spans[0].UserID, again.UserID = "ann", "bob"
	again.Start++
	again.End++
	between := again
	between.UserID = "ann"
	between.Start++
	between.End++
	write(t, w, spans[0], again, between)
	var left string
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT spans FROM llm_erase_user('ann')`).Scan(new(int)))
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT string_agg(user_id, ',') FROM llm_spans`).Scan(&left))
	require.Equal(t, "bob", left)
	requireLeft(t, pool, "after the erasure")
}
