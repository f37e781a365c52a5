package schema

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping/dialect"
	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// A shape says, for span i of n in one trace, which span is its parent, its kind, what it
// reports and what of that counts, as SQL.
type shape struct {
	name, parent, kind, tokens, cost, counted, usageCounted, costCounted string
}

var shapes = []shape{
	// Every span calls a model and has ten children, of which the innermost count.
	{"tree", "CASE WHEN i > 0 THEN (i - 1) / 10 END", "'llm'", "1", "NULL", "i * 10 + 1 >= n", "i * 10 + 1 >= n", "i * 10 + 1 >= n"},
	// All calls lie below one agent without a name.
	{"flat", "CASE WHEN i > 0 THEN 0 END", "CASE WHEN i > 0 THEN 'llm' ELSE 'agent' END", "CASE WHEN i > 0 THEN 1 END", "NULL",
		"CASE WHEN i > 0 THEN true END", "CASE WHEN i > 0 THEN true END", "CASE WHEN i > 0 THEN true END"},
	// A gateway tells the cost around the request in which a client tells the tokens.
	{"gateway", "CASE WHEN i = 0 THEN NULL WHEN i % 3 = 1 THEN 0 ELSE i - 1 END", "CASE WHEN i = 0 THEN 'agent' WHEN i % 3 = 2 THEN 'other' ELSE 'llm' END",
		"CASE WHEN i > 0 AND i % 3 = 0 THEN 5 END", "CASE WHEN i % 3 = 1 THEN 0.01 END", "CASE WHEN i > 0 AND i % 3 <> 2 THEN i % 3 = 0 OR i = n - 1 END",
		"CASE WHEN i > 0 AND i % 3 <> 2 THEN i % 3 = 0 END", "CASE WHEN i > 0 AND i % 3 <> 2 THEN true END"},
	// Agents call agents, and each calls a model.
	{"deep", "CASE WHEN i = 0 THEN NULL WHEN i % 2 = 0 THEN i - 2 ELSE i - 1 END", "CASE WHEN i % 2 = 0 THEN 'agent' ELSE 'llm' END",
		"CASE WHEN i % 2 = 1 THEN 5 END", "NULL", "CASE WHEN i % 2 = 1 THEN true END", "CASE WHEN i % 2 = 1 THEN true END", "CASE WHEN i % 2 = 1 THEN true END"},
	// Tools call tools.
	{"tools", "CASE WHEN i > 0 THEN (i - 1) / 2 END", "'tool'", "NULL", "NULL", "true", "NULL", "NULL"},
}

const largeTrace = `
INSERT INTO llm_spans (trace_id, span_id, parent_span_id, start_time, end_time, duration_us, span_kind, kind, status,
	input_tokens, total_tokens, total_cost, counted, usage_counted, cost_counted, below)
SELECT '00000000-0000-0000-0000-000000000001', lpad(to_hex(i), 16, '0'), lpad(to_hex(%[2]s), 16, '0'), began + i * interval '1 us',
	began + i * interval '1 us' + interval '1 ms', 1000, 'internal', %[3]s, 'ok', %[4]s, %[4]s, %[5]s, %[6]s, %[7]s, %[8]s, 1
FROM (VALUES (%[1]d, date_trunc('day', now(), 'UTC') + interval '10 hours')) x (n, began), generate_series(0, n - 1) i;
INSERT INTO llm_traces (id, trace_id, root_span_id, start_time, end_time, span_count, llm_call_count, total_tokens, total_cost)
SELECT trace_id, replace(trace_id::text, '-', ''), '0000000000000000', min(start_time), max(end_time), count(*), count(*) FILTER (WHERE counted),
	coalesce(sum(total_tokens) FILTER (WHERE usage_counted), 0), sum(total_cost) FILTER (WHERE cost_counted) FROM llm_spans GROUP BY trace_id;
INSERT INTO llm_usage_hours (hour) SELECT DISTINCT date_trunc('hour', start_time, 'UTC') FROM llm_spans`

// largeTraceQueries read every row of what the views of calls are made of.
var largeTraceQueries = []string{
	"SELECT sum(calls), sum(total_tokens), sum(total_cost) FROM llm_usage",
	"SELECT count(*), count(agent_name), sum(total_tokens), sum(total_cost) FROM llm_calls",
	"SELECT count(*), count(agent_name) FROM llm_tool_calls",
	"SELECT max(input), max(output) FROM llm_trace_io",
}

func emptyTables(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	_, err := conn.Exec(t.Context(), "TRUNCATE llm_spans, llm_traces, llm_usage_hours, llm_usage_hourly, llm_internal_usage_parts")
	require.NoError(t, err)
}

// TestReadingALargeTraceIsLinear reads traces of n and of 8n spans. What grows with the
// square takes 64 times as long.
func TestReadingALargeTraceIsLinear(t *testing.T) {
	conn := connect(t, testserver.NewDatabase(t))
	require.NoError(t, Migrate(t.Context(), conn, "public"))
	_, err := conn.Exec(t.Context(), "SELECT llm_create_day((now() AT TIME ZONE 'UTC')::date)")
	require.NoError(t, err)
	const n = 250
	for _, s := range shapes {
		fill := func(spans int) {
			emptyTables(t, conn)
			_, err := conn.Exec(t.Context(), fmt.Sprintf(largeTrace, spans, s.parent, s.kind, s.tokens, s.cost, s.counted, s.usageCounted, s.costCounted),
				pgx.QueryExecModeSimpleProtocol)
			require.NoError(t, err, s.name)
		}
		small := make([]time.Duration, len(largeTraceQueries))
		fill(n)
		for i, query := range largeTraceQueries {
			small[i] = quickest(t, conn, query, 2, time.Minute)
		}
		fill(8 * n)
		for i, query := range largeTraceQueries {
			most := 16*small[i] + 200*time.Millisecond // the square would be 64 times
			large := quickest(t, conn, query, 6, most)
			t.Logf("%s: %s, %s, %.1f times: %s", s.name, small[i], large, float64(large)/float64(small[i]), query)
			require.LessOrEqual(t, large, most, "%s: %d spans in %s, %d in %s: %s", s.name, n, small[i], 8*n, large, query)
		}
	}
}

// quickest is the shortest time of some tries, or the first that is within a limit.
func quickest(t *testing.T, conn *pgx.Conn, query string, tries int, limit time.Duration) time.Duration {
	t.Helper()
	shortest := time.Duration(1 << 62)
	for range tries {
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
		begin := time.Now()
		_, err := conn.Exec(ctx, query)
		cancel()
		require.NoError(t, err, query)
		shortest = min(shortest, time.Since(begin))
		if shortest <= limit && limit < time.Minute {
			break
		}
	}
	return shortest
}

// TestRecountBoundsSets recounts a trace whose spans have more tags and models than a row keeps. The rows that package trace
// makes have as many.
func TestRecountBoundsSets(t *testing.T) {
	conn := connect(t, testserver.NewDatabase(t))
	require.NoError(t, Migrate(t.Context(), conn, "public"))
	var tags, models []string
	require.NoError(t, conn.QueryRow(t.Context(), `WITH spans AS (
			INSERT INTO llm_spans (trace_id, span_id, start_time, end_time, duration_us, span_kind, kind, status, request_model, tags)
			SELECT '00000000-0000-0000-0000-000000000001', lpad(to_hex(i), 16, '0'), now(), now(), 0, 'internal', 'llm', 'ok', 'm' || i, ARRAY['t' || i, 'é' || i]
			FROM generate_series(1, 1500) i RETURNING trace_id)
		INSERT INTO llm_traces (id, trace_id, start_time, end_time) SELECT DISTINCT trace_id, 't', now(), now() FROM spans RETURNING tags, models`).Scan(&tags, &models))
	require.Empty(t, tags)
	require.NoError(t, conn.QueryRow(t.Context(), `WITH counted AS MATERIALIZED (
			SELECT llm_internal_roll_up(id, '-infinity', 'infinity') FROM llm_traces) SELECT count(*) FROM counted`).Scan(new(int)))
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT tags, models FROM llm_traces").Scan(&tags, &models))
	for prefix, got := range map[string][]string{"t": tags, "m": models} {
		var all []string
		for i := range 1500 {
			all = append(all, fmt.Sprint(prefix, i+1))
		}
		slices.Sort(all)
		require.Equal(t, all[:dialect.MaxEntries], got)
	}
}
