package write

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/content"
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
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM llm_internal_pairs p WHERE NOT EXISTS (
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

// TestErasureWaitsForBatchesInFlight has a batch that has found a content stored, and not
// yet stored its span, meet an erasure that has found that nobody else refers to it.
func TestErasureWaitsForBatchesInFlight(t *testing.T) {
	w, pool := newWriter(t)
	body := []byte(`"said by both"`)
	said := func(trace, span byte, user string, words ...content.ID) *mapping.Batch {
		s := callOf(trace, span)
		s.UserID, s.InputMessageIDs, s.ResourceID = user, words, content.Of([]byte("{}"))
		b := batchOf(s)
		b.Resources[s.ResourceID] = []byte("{}")
		if len(words) > 0 {
			b.Contents[content.Key{Day: s.Day, ID: words[0]}] = body
		}
		return b
	}
	words := content.Of(body)
	for _, b := range []*mapping.Batch{said(1, 1, "alice", words), said(2, 2, "bob")} {
		_, err := w.Write(t.Context(), b, nil, nil)
		require.NoError(t, err)
	}
	hold := func(sql string) (release func()) {
		tx, err := pool.Begin(t.Context())
		require.NoError(t, err)
		_, err = tx.Exec(t.Context(), sql)
		require.NoError(t, err)
		return func() { require.NoError(t, tx.Rollback(t.Context())) }
	}
	waiting := func(kind string, ended <-chan error) {
		require.Eventually(t, func() bool {
			var found bool
			require.NoError(t, pool.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid)
				WHERE a.datname = current_database() AND NOT l.granted AND l.locktype = $1)`, kind).Scan(&found))
			return found || len(ended) > 0
		}, 30*time.Second, 5*time.Millisecond, kind)
	}
	during := func(f func() error) chan error {
		ended := make(chan error, 1)
		go func() { ended <- f() }()
		return ended
	}

	releaseErasure := hold("LOCK TABLE llm_events IN ACCESS EXCLUSIVE MODE")
	erased := during(func() error { _, err := pool.Exec(t.Context(), "SELECT llm_erase_user('alice')"); return err })
	waiting("relation", erased)
	releaseBatch := hold("SELECT FROM llm_traces WHERE trace_id LIKE '02%' FOR UPDATE")
	written := during(func() error { _, err := w.Write(t.Context(), said(2, 3, "bob", words), nil, nil); return err })
	waiting("transactionid", written)
	releaseErasure()
	waiting("advisory", erased)
	releaseBatch()
	require.NoError(t, <-written)
	require.NoError(t, <-erased)
	var users, contents int
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FILTER (WHERE user_id = 'alice'), (SELECT count(*) FROM llm_contents) FROM llm_spans").Scan(&users, &contents))
	require.Equal(t, []int{0, 1}, []int{users, contents}, "alice is gone, and what bob says too stays")
	rowcheck.Consistent(t, pool)
}
