package upkeep

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/schema"
)

// TestEndedDaysAreFrozen looks at the age of the partitions' oldest rows.
func TestEndedDaysAreFrozen(t *testing.T) {
	pool := fill(t, noon, 10)
	ages := func(table string) (frozen, other []string) {
		rows, err := pool.Query(t.Context(), `SELECT c.relname, pg_stat_get_last_vacuum_time(c.oid) IS NOT NULL AND c.relallvisible = c.relpages
			FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = to_regclass($1) ORDER BY c.relname`,
			schema.Table(schemaName, table))
		require.NoError(t, err)
		defer rows.Close()
		for rows.Next() {
			var name string
			var done bool
			require.NoError(t, rows.Scan(&name, &done))
			if done {
				frozen = append(frozen, name)
			} else {
				other = append(other, name)
			}
		}
		require.NoError(t, rows.Err())
		return frozen, other
	}
	require.NoError(t, Freeze(t.Context(), pool, schemaName, noon))
	for _, table := range dayTables {
		require.Eventually(t, func() bool {
			frozen, _ := ages(table)
			return len(frozen) == freezeDays
		}, time.Minute, 10*time.Millisecond, table)
		frozen, other := ages(table)
		require.Equal(t, table+"_20260613", frozen[0], "a week back")
		require.Equal(t, table+"_20260619", frozen[freezeDays-1], "yesterday")
		require.Contains(t, other, table+"_20260620", "today goes on")
	}
	var seldom int
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		WHERE i.inhparent = to_regclass($1) AND 'autovacuum_analyze_scale_factor=1' = ANY (c.reloptions)`, schema.Table(schemaName, "llm_spans")).Scan(&seldom))
	require.Equal(t, freezeDays, seldom, "days that are analyzed again only after many changes")
}
