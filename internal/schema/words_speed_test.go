package schema

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// manyCalls are 30,000 calls of 10,000 traces on some days, each with one of 20 lists of
// tools and an answer of its own, of which each tenth is empty.
const manyCalls = `
SELECT llm_create_day((now() AT TIME ZONE 'UTC')::date - d) FROM generate_series(0, %[1]d - 1) d;
CREATE TEMP TABLE calls AS SELECT i, ('00000000-0000-0000-0000-' || lpad(to_hex(i / 3), 12, '0'))::uuid AS trace, md5('tools ' || i %% 20)::uuid AS tools, md5('answer ' || i)::uuid AS answer,
	date_trunc('day', now(), 'UTC') - ((i/3) %% %[1]d) * interval '1 day' + i * interval '2 s' AS began FROM generate_series(0, 29999) i;
INSERT INTO llm_contents (day, id, body) SELECT DISTINCT ON ((began AT TIME ZONE 'UTC')::date, tools) (began AT TIME ZONE 'UTC')::date, tools, jsonb_build_array(jsonb_build_object('name', 'tool ' || i %% 20), jsonb_build_object('name', 'map'))
FROM calls;
INSERT INTO llm_contents (day, id, body) SELECT (began AT TIME ZONE 'UTC')::date, answer, jsonb_build_object('role', 'assistant', 'parts',
	jsonb_build_array(jsonb_build_object('type', 'text', 'content', CASE WHEN i %% 10 > 0 THEN 'Answer ' || i ELSE '' END))) FROM calls;
INSERT INTO llm_traces (id, trace_id, start_time, end_time, span_count, llm_call_count, total_cost) SELECT trace, replace(trace::text, '-', ''), min(began), max(began), 3, 3, NULL FROM calls GROUP BY trace;
INSERT INTO llm_spans (trace_id, span_id, start_time, end_time, duration_us, span_kind, kind, status, service_name, request_model, counted, tool_definitions_id, output_message_ids)
SELECT trace, lpad(to_hex(i), 16, '0'), began, began, 1, 'client', 'llm', 'ok', 'shop', 'gpt-4o', true, tools, ARRAY[answer] FROM calls;
INSERT INTO llm_usage_hours (hour) SELECT DISTINCT date_trunc('hour', start_time, 'UTC') FROM llm_spans;
ANALYZE llm_spans, llm_traces, llm_contents`

// TestWordsOfManyCallsAreReadQuickly reads words of 30,000 calls, of one day and of a
// month, in a second: 0.1 to 0.45 s of CPU. The bound leaves room for a machine with a load
// of three processes a core.
func TestWordsOfManyCallsAreReadQuickly(t *testing.T) {
	for _, days := range []int{1, 30} {
		conn := connect(t, testserver.NewDatabase(t))
		require.NoError(t, Migrate(t.Context(), conn, "public"))
		_, err := conn.Exec(t.Context(), fmt.Sprintf(manyCalls, days), pgx.QueryExecModeSimpleProtocol)
		require.NoError(t, err)
		for sql, want := range map[string]int64{
			"SELECT sum(offered)::bigint FROM llm_tool_usage WHERE tool_name = 'map'":                     30_000,
			"SELECT count(*) FROM llm_calls WHERE NOT llm_answered(output_messages)":                      3_000,
			"SELECT count(*) FROM llm_calls WHERE is_call AND tool_definitions #>> '{0,name}' = 'tool 7'": 1_500,
		} {
			var got int64
			begin := time.Now()
			require.NoError(t, conn.QueryRow(t.Context(), sql).Scan(&got), sql)
			require.Equal(t, want, got, sql)
			t.Log(days, "days", time.Since(begin), sql)
			require.Less(t, quickest(t, conn, sql, 5, time.Second), 3*time.Second, "%d days: %s", days, sql)
		}
	}
}
