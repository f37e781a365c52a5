package schema

import (
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// filledBefore are rows as the build of version 10 stored them: traces of an agent, a
// gateway's call around a client's, with the cost outside, and a tool that failed.
const filledBefore = `
SELECT llm_create_day((now() AT TIME ZONE 'UTC')::date);
INSERT INTO llm_traces (id, trace_id, start_time, end_time, span_count, llm_call_count, tool_call_count, error_count, input_tokens, total_tokens, total_cost, user_id, session_id)
SELECT ('00000000-0000-0000-0000-' || lpad(to_hex(i), 12, '0'))::uuid, lpad(to_hex(i), 32, '0'), began, began + interval '1 s', 4, 1, 1, 1, 5, 5, 0, 'u' || i % 10, 's' || i % 100
FROM generate_series(1, $1) i, (SELECT date_trunc('day', now(), 'UTC') + interval '10 hours' AS began) b;
INSERT INTO llm_spans (trace_id, span_id, parent_span_id, start_time, end_time, duration_us, span_kind, kind, status, error_type,
	request_model, tool_name, input_tokens, total_tokens, total_cost, counted, usage_counted)
SELECT t.id, x.span_id, x.parent, t.start_time, t.end_time, 1000000, 'internal', x.kind, x.status, x.error_type, x.model, x.tool, x.tokens, x.tokens, x.cost, x.counted, x.usage_counted
FROM llm_traces t, (VALUES ('0000000000000001', NULL, 'agent', 'ok', NULL, NULL, NULL, NULL::bigint, NULL::numeric, NULL::boolean, NULL::boolean),
	('0000000000000002', '0000000000000001', 'llm', 'ok', NULL, 'openai/gpt-4o-2024-08-06', NULL, NULL, 0.002, false, false),
	('0000000000000003', '0000000000000002', 'llm', 'ok', NULL, 'gpt-4o-2024-08-06', NULL, 5, NULL, true, true),
	('0000000000000004', '0000000000000001', 'tool', 'error', 'timeout', NULL, 'map', NULL, NULL, true, NULL)
) x (span_id, parent, kind, status, error_type, model, tool, tokens, cost, counted, usage_counted);
INSERT INTO llm_usage_hours (hour) SELECT DISTINCT date_trunc('hour', start_time, 'UTC') FROM llm_traces`

// TestRowsOfBeforeGetTheNewMeaning brings up rows that version 10 stored. What is new says
// null where the old rows do not tell it.
func TestRowsOfBeforeGetTheNewMeaning(t *testing.T) {
	upgradeRows(t, 5_000)
}

func upgradeRows(t *testing.T, traces int) {
	t.Helper()
	conn := connect(t, testserver.NewDatabase(t))
	createBefore(t, conn, "public", lastOfBefore)
	fill(t, conn, traces)
	migrateFilled(t, conn, traces)
	requireFigures(t, conn, commonFigures(traces))
	requireFigures(t, conn, map[string][]any{
		`SELECT count(stored_at), count(labels) FROM llm_spans`:                                         {int64(0), int64(0)},
		`SELECT count(cost_counted) FILTER (WHERE kind <> 'llm'), count(estimated_cost) FROM llm_spans`: {int64(0), int64(0)},
	})
}

func migrateFilled(t *testing.T, conn *pgx.Conn, traces int) {
	t.Helper()
	begin := time.Now()
	require.NoError(t, Migrate(t.Context(), conn, "public"))
	t.Logf("%d spans brought up in %s", 4*traces, time.Since(begin).Round(time.Millisecond))
}

// commonFigures are what the filled rows say whichever version stored them.
func commonFigures(traces int) map[string][]any {
	n := int64(traces)
	return map[string][]any{
		`SELECT count(*), count(DISTINCT (trace_id, span_id)) FROM llm_spans`:                               {4 * n, 4 * n},
		`SELECT count(*), sum(total_tokens)::bigint FROM llm_calls WHERE is_call`:                           {n, 5 * n},
		`SELECT max(model), min(model) FROM llm_calls`:                                                      {"gpt-4o", "gpt-4o"},
		`SELECT count(user_id), count(session_id) FROM llm_calls`:                                           {n, n},
		`SELECT count(*), count(*) FILTER (WHERE failed) FROM llm_tool_calls`:                               {n, n},
		`SELECT sum(calls)::bigint, sum(failed_tool_calls)::bigint FROM llm_usage`:                          {n, n},
		`SELECT sum(calls)::bigint, sum(total_tokens)::bigint FROM llm_usage_daily WHERE user_id LIKE 'u%'`: {n, 5 * n},
		`SELECT sum(llm_call_count)::bigint, sum(error_count)::bigint FROM llm_traces`:                      {n, n},
		`SELECT count(*), sum(llm_call_count)::bigint FROM llm_sessions`:                                    {min(int64(100), n), n},
		`SELECT count(*) FILTER (WHERE total_cost = 0), count(total_cost) FROM llm_calls WHERE NOT is_call`: {int64(0), int64(0)},
	}
}

func requireFigures(t *testing.T, conn *pgx.Conn, figures map[string][]any) {
	t.Helper()
	for sql, want := range figures {
		a, b := any(nil), any(nil)
		begin := time.Now()
		require.NoError(t, conn.QueryRow(t.Context(), sql).Scan(&a, &b), sql)
		require.Equal(t, want, []any{a, b}, sql)
		t.Log(time.Since(begin).Round(time.Millisecond), sql)
	}
}

func fill(t *testing.T, conn *pgx.Conn, traces int) {
	t.Helper()
	_, err := conn.Exec(t.Context(), filledBefore, pgx.QueryExecModeSimpleProtocol, traces)
	require.NoError(t, err)
}

// TestReleasesAreBroughtUp lets each version before store traces with its own exporter, and
// brings up what that has stored: the first and the last of them, or with UPGRADE_SPANS, which
// says how many spans, all.
func TestReleasesAreBroughtUp(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the versions before")
	}
	traces, tried := 2_000, []release{releases[0], releases[len(releases)-1]}
	if text := os.Getenv("UPGRADE_SPANS"); text != "" {
		spans, err := strconv.Atoi(text)
		require.NoError(t, err)
		traces, tried = spans/4, releases
	}
	for _, release := range tried {
		t.Run(release.commit[:7], func(t *testing.T) {
			url := testserver.NewDatabase(t)
			output, err := exec.CommandContext(t.Context(), buildRelease(t, release.commit), url, "filled", strconv.Itoa(traces)).CombinedOutput()
			require.NoError(t, err, string(output))
			conn := connect(t, url)
			version, err := Version(t.Context(), conn, "public")
			require.NoError(t, err)
			require.Equal(t, release.migration, version)
			migrateFilled(t, conn, traces)
			requireFigures(t, conn, commonFigures(traces))
		})
	}
}
