package schema

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// TestViewsOfAnotherShapeAreMadeAnew starts from views and functions with other columns,
// on which grants and views of users stand.
func TestViewsOfAnotherShapeAreMadeAnew(t *testing.T) {
	for _, name := range names {
		pg := testserver.Postgres(t, testserver.PostgresOptions{})
		conn := connect(t, pg.NewDatabase(t))
		exec := func(sql string) {
			t.Helper()
			_, err := conn.Exec(t.Context(), render(sql, name))
			require.NoError(t, err)
		}
		createBefore(t, conn, name, lastOfBefore)
		exec(`CREATE ROLE "an ""analyst"; CREATE ROLE owner;
			GRANT USAGE ON SCHEMA {{.schema}} TO owner, "an ""analyst";
			CREATE SCHEMA dashboards AUTHORIZATION owner`)
		exec(`DROP VIEW {{.schema}}.llm_sessions;
			CREATE VIEW {{.schema}}.llm_sessions AS SELECT 1::numeric AS total_cost, session_id, 2 AS gone FROM {{.schema}}.llm_traces`)
		exec(`DROP FUNCTION {{.schema}}.llm_search(date, text);
			CREATE FUNCTION {{.schema}}.llm_search(day date, words text) RETURNS TABLE (found text) LANGUAGE sql AS 'SELECT 1::text'`)
		exec(`GRANT SELECT ON ALL TABLES IN SCHEMA {{.schema}} TO owner;
			GRANT SELECT ON {{.schema}}.llm_sessions TO "an ""analyst" WITH GRANT OPTION;
			GRANT SELECT (session_id, gone), UPDATE (total_cost) ON {{.schema}}.llm_sessions TO PUBLIC;
			GRANT EXECUTE ON FUNCTION {{.schema}}.llm_erase_user(text), {{.schema}}.llm_search(date, text) TO "an ""analyst"`)
		exec(`CREATE VIEW dashboards."cost %1$s" WITH (security_barrier = true) AS SELECT session_id, total_cost FROM {{.schema}}.llm_sessions;
			ALTER VIEW dashboards."cost %1$s" OWNER TO owner; COMMENT ON VIEW dashboards."cost %1$s" IS 'it''s dear';
			GRANT SELECT ON dashboards."cost %1$s" TO "an ""analyst";
			CREATE VIEW dashboards.top AS SELECT session_id FROM dashboards."cost %1$s" c JOIN {{.schema}}.llm_calls USING (session_id)`)

		require.NoError(t, Migrate(t.Context(), conn, name))
		exec(`SELECT user_id, total_cost FROM {{.schema}}.llm_sessions; SELECT id, content FROM {{.schema}}.llm_search(CURRENT_DATE, 'x'); SELECT * FROM dashboards.top`)
		var kept []bool
		require.NoError(t, conn.QueryRow(t.Context(), render(`SELECT ARRAY[
			has_table_privilege('an "analyst', c.oid, 'SELECT WITH GRANT OPTION'),
			has_column_privilege('owner', c.oid, 'total_cost', 'UPDATE'), has_column_privilege('owner', c.oid, 'last_seen', 'UPDATE') IS FALSE,
			has_function_privilege('an "analyst', erase.oid, 'EXECUTE'), has_function_privilege('owner', erase.oid, 'EXECUTE') IS FALSE,
			v.reloptions = ARRAY['security_barrier=true'], v.relowner = 'owner'::regrole, obj_description(v.oid) = 'it''s dear',
			has_table_privilege('an "analyst', v.oid, 'SELECT')]
			FROM pg_class c, pg_proc erase, pg_class v
			WHERE c.relname = 'llm_sessions' AND erase.proname = 'llm_erase_user' AND v.relname = 'cost %1$s'`, name)).Scan(&kept))
		require.Equal(t, []bool{true, true, true, true, true, true, true, true, true}, kept)
	}
}

// TestWhatCannotBeKeptIsNamed has a materialized view, and a view of a column that is no
// more, stand on a view that changes its columns.
func TestWhatCannotBeKeptIsNamed(t *testing.T) {
	for build, message := range map[string]string{
		"CREATE MATERIALIZED VIEW costs AS SELECT * FROM llm_sessions": "drop it and create it again after the update.*materialized view public.costs depends on view",
		"CREATE VIEW costs AS SELECT gone FROM llm_sessions":           `a view that builds on those of the schema no longer fits.*column llm_sessions.gone does not exist`,
	} {
		conn := connect(t, testserver.NewDatabase(t))
		createBefore(t, conn, "public", lastOfBefore)
		_, err := conn.Exec(t.Context(), `DROP VIEW llm_sessions; CREATE VIEW llm_sessions AS SELECT 2 AS gone; `+build)
		require.NoError(t, err)
		err = Migrate(t.Context(), conn, "public")
		require.Error(t, err)
		require.Regexp(t, message, err.Error())
		_, err = conn.Exec(t.Context(), "SELECT gone FROM llm_sessions; SELECT * FROM costs")
		require.NoError(t, err, "all is as it was")
	}
}
