package faults

import (
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/schema"
	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// oddSettings change what a session takes SQL for, or how it writes values as text.
var oddSettings = map[string]string{
	"standard_conforming_strings": "off", "backslash_quote": "off", "array_nulls": "off", "transform_null_equals": "on",
	"DateStyle": "SQL, DMY", "IntervalStyle": "sql_standard", "TimeZone": "Asia/Kathmandu", "bytea_output": "escape", "extra_float_digits": "-15",
	"quote_all_identifiers": "on", "row_security": "off", "search_path": "nowhere", "default_transaction_isolation": "repeatable read",
	"work_mem": "64kB", "from_collapse_limit": "1", "join_collapse_limit": "1",
}

// TestSessionSettingsChangeNothing stores the cases of all dialects in a database of
// ordinary settings and in one whose sessions all start with odd ones, and compares what
// every view shows. The sessions that ask have the settings of their database.
func TestSessionSettingsChangeNothing(t *testing.T) {
	t.Parallel()
	cases := dialectCases(t)
	plain, odd := testserver.NewDatabase(t), testserver.NewDatabase(t)
	admin := connect(t, odd)
	for setting, value := range oddSettings {
		run(t, admin, fmt.Sprintf("ALTER DATABASE %q SET %s = '%s'", databaseName(t, odd), setting, value))
	}
	for _, database := range []string{plain, odd} {
		conn, err := pgx.Connect(t.Context(), database)
		require.NoError(t, err)
		require.NoError(t, schema.Migrate(t.Context(), conn, "public"))
		_, err = conn.Exec(t.Context(), "DELETE FROM public.llm_prices") // some calls are priced later
		require.NoError(t, err)
		require.NoError(t, conn.Close(t.Context()))
		s := start(t, database, func(cfg *config) {
			cfg.Postgres.Schema = "public"
			cfg.QueueConfig.Get().NumConsumers = 1 // some cases have the same spans: the first of them counts
		})
		for _, td := range cases {
			require.NoError(t, deliver(t.Context(), s.send, td))
		}
		requireAll(t, connectTo(t, database, "public"), distinctSpans(cases))
	}
	of, inOdd := connect(t, plain), connect(t, odd)
	// What the others show depends on the clock, on pages and on ids that the server gives.
	rows, err := of.Query(t.Context(), `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'v'
		AND relname NOT IN ('llm_ingest', 'llm_storage', 'llm_content_references') AND NOT starts_with(relname, 'llm_internal_') ORDER BY 1`)
	require.NoError(t, err)
	views, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	for _, view := range views {
		want, got := contentsOf(t, of, view), contentsOf(t, inOdd, view)
		for i := range min(len(want), len(got)) {
			require.Equal(t, want[i], got[i], view)
		}
		require.Len(t, got, len(want), view)
	}
}

// contentsOf reads a view in the binary format, which no setting changes, without what
// differs from one database to another.
func contentsOf(t *testing.T, db *pgxpool.Pool, view string) (lines []string) {
	t.Helper()
	rows, err := db.Query(t.Context(), "SELECT * FROM public."+view)
	require.NoError(t, err, view)
	for rows.Next() {
		values, err := rows.Values()
		require.NoError(t, err, view)
		for i, column := range rows.FieldDescriptions() {
			if slices.Contains([]string{"stored_at", "created_at", "updated_at", "last_stored_at", "delay"}, column.Name) {
				values[i] = nil
			}
		}
		lines = append(lines, asJSON(values))
	}
	require.NoError(t, rows.Err(), view)
	slices.Sort(lines)
	return lines
}
