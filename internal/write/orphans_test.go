package write

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
)

// TestEveryContentIsReferredTo has collectors, one of which cuts long words, store spans and log
// records that come in any order, twice, with other words, in parts and around midnight, while
// some are erased. Something refers to each content after each step, and none is left once
// everybody is erased.
func TestEveryContentIsReferredTo(t *testing.T) {
	seeds, rounds := 4, 25
	if testing.Short() {
		seeds, rounds = 2, 10
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			g, writers, pool := newSharers(t, uint64(100+seed), 1+seed)
			g.logs, g.maxBytes = true, 100*(seed%2)
			for range rounds {
				g.write(t, writers)
				requireReferred(t, pool, "after a batch")
				requireOwners(t, pool)
				if g.r.IntN(3) == 0 {
					erasure := g.erase()
					exec(t, pool, "SELECT "+erasure)
					requireReferred(t, pool, erasure)
					requireOwners(t, pool)
				}
			}
			eraseEverybody(t, g, pool)
		})
	}
}

// requireReferred requires that a row refers to each content, and that each reference has one.
func requireReferred(t *testing.T, pool *pgxpool.Pool, when string) {
	t.Helper()
	requireWhole(t, pool)
	rows, err := pool.Query(t.Context(), `(`+referred+`SELECT left(c.day || ' ' || c.body::text, 100) FROM llm_contents c LEFT JOIN r USING (day, id) WHERE r.id IS NULL)`)
	require.NoError(t, err)
	orphans, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Empty(t, orphans, "contents that nothing refers to, "+when)
}

// eraseEverybody erases all users, sessions, and traces of spans and log records.
func eraseEverybody(t *testing.T, g *sharers, pool *pgxpool.Pool) {
	t.Helper()
	for n := range g.people {
		erasure := fmt.Sprintf("llm_erase_user('user %d')", n)
		exec(t, pool, "SELECT "+erasure)
		requireReferred(t, pool, erasure)
		require.Zero(t, count(t, pool, fmt.Sprintf("llm_spans WHERE user_id = 'user %d'", n)))
		require.Zero(t, count(t, pool, fmt.Sprintf("llm_events WHERE user_id = 'user %d'", n)))
	}
	for n := range 2 * g.people {
		exec(t, pool, fmt.Sprintf("SELECT llm_erase_session('session %d')", n))
	}
	rows, err := pool.Query(t.Context(), `SELECT id::text FROM (SELECT trace_id FROM llm_spans UNION SELECT trace_id FROM llm_events
		UNION SELECT belongs_to FROM llm_events UNION SELECT belongs_to FROM llm_scores) t (id) WHERE id IS NOT NULL`)
	require.NoError(t, err)
	traces, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	for _, trace := range traces {
		exec(t, pool, "SELECT llm_erase_trace('"+trace+"')")
		requireReferred(t, pool, "a trace erased")
	}
	for _, table := range []string{"llm_spans", "llm_events", "llm_scores", "llm_internal_words", "llm_internal_content_owners", "llm_contents"} {
		require.Zero(t, count(t, pool, table), table)
	}
}
