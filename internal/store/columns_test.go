package store

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/pgbatch"
	"github.com/llm-observatory/llmobservatoryexporter/internal/schema"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// TestSpanColumnsMatchTheTable compares the columns written with those of the
// migration, names and types.
func TestSpanColumnsMatchTheTable(t *testing.T) {
	_, pool := storetest.Open(t)
	requireColumns(t, pool, "llm_spans", columnTypes(spanColumns))
	requireColumns(t, pool, "llm_contents", columnTypes(contentColumns))
	requireColumns(t, pool, "llm_resources", columnTypes(resourceColumns))
	requireColumns(t, pool, "llm_events", columnTypes(eventColumns))
	requireColumns(t, pool, "llm_scores", columnTypes(scoreColumns))
	require.Equal(t, `"we""ird"."llm_spans"`, schema.Table(`we"ird`, "llm_spans"))
}

func columnTypes[T any](columns []pgbatch.Column[T]) map[string]uint32 {
	types := map[string]uint32{}
	for _, c := range columns {
		types[c.Name] = c.OID
	}
	return types
}

// byDatabase are the columns that a batch leaves to their default.
var byDatabase = []string{"stored_at", "event_words"}

func requireColumns(t *testing.T, pool *pgxpool.Pool, table string, want map[string]uint32) {
	t.Helper()
	rows, err := pool.Query(t.Context(), `SELECT attname, atttypid FROM pg_attribute
		WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped AND attname <> ALL ($2)`, table, byDatabase)
	require.NoError(t, err)
	defer rows.Close()
	got := map[string]uint32{}
	for rows.Next() {
		var (
			name string
			oid  uint32
		)
		require.NoError(t, rows.Scan(&name, &oid))
		got[name] = oid
	}
	require.NoError(t, rows.Err())
	require.Equal(t, want, got, table)
}
