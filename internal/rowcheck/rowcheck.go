// Package rowcheck compares stored rows with what must hold of them, by SQL. All
// tests that write through the exporter use it.
package rowcheck

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
)

// unlisted holds for the prompts of turns whose calls are in other traces, or have not come:
// such a turn is no row of llm_traces.
const unlisted = `(s.source = 'event' AND s.counted IS NOT TRUE AND NOT EXISTS (SELECT FROM llm_traces t WHERE t.id = s.trace_id))`

// rollups counts the traces whose row differs from the aggregate over its spans.
const rollups = `
SELECT count(*) FROM llm_traces t
FULL JOIN (
	SELECT trace_id, count(*) AS spans, min(start_time) AS start_time, max(end_time) AS end_time,
		count(*) FILTER (WHERE kind = 'llm' AND counted) AS llm, count(*) FILTER (WHERE kind = 'tool' AND counted) AS tool,
		count(*) FILTER (WHERE counted AND (status = 'error' OR error_type IS NOT NULL)) AS errors,
		coalesce(sum(coalesce(input_tokens, (aggregate_usage ->> 'input_tokens')::bigint)) FILTER (WHERE usage_counted), 0) AS input,
		coalesce(sum(coalesce(output_tokens, (aggregate_usage ->> 'output_tokens')::bigint)) FILTER (WHERE usage_counted), 0) AS output,
		coalesce(sum(coalesce(total_tokens, (aggregate_usage ->> 'total_tokens')::bigint)) FILTER (WHERE usage_counted), 0) AS total,
		sum(CASE WHEN estimate_counted THEN estimated_cost WHEN cost_counted THEN coalesce(total_cost, (aggregate_usage ->> 'total_cost')::numeric) END) AS cost,
		sum(estimated_cost) FILTER (WHERE usage_counted) AS estimate, count(*) FILTER (WHERE estimate_counted AND estimated_cost IS NULL) AS unpriced,
		coalesce(array_agg(DISTINCT coalesce(request_model, response_model) COLLATE "C") FILTER (WHERE kind IN ('llm', 'embedding', 'reranker')
			AND coalesce(request_model, response_model) IS NOT NULL), '{}') AS models,
		(SELECT coalesce(array_agg(DISTINCT tag COLLATE "C"), '{}') FROM llm_spans x, unnest(x.tags) tag WHERE x.trace_id = s.trace_id) AS tags
	FROM llm_spans s WHERE NOT ` + unlisted + ` GROUP BY trace_id) a ON a.trace_id = t.id
WHERE (t.span_count, t.start_time, t.end_time, t.duration_us, t.llm_call_count, t.tool_call_count, t.error_count,
		t.input_tokens, t.output_tokens, t.total_tokens, t.total_cost, t.estimated_cost, t.unpriced_calls, t.models, t.tags)
	IS DISTINCT FROM (a.spans, a.start_time, a.end_time, (extract(epoch FROM a.end_time - a.start_time) * 1000000)::bigint, a.llm, a.tool, a.errors,
		a.input, a.output, a.total, a.cost, a.estimate, a.unpriced, a.models, a.tags)`

// missing counts the references of spans to contents that are not there.
const missing = `
SELECT count(*) FROM llm_spans s
CROSS JOIN LATERAL (
	SELECT unnest(s.input_message_ids || s.output_message_ids || s.document_ids || ARRAY[s.system_instructions_id, s.tool_definitions_id,
		s.tool_arguments_id, s.tool_result_id, s.retrieval_query_id]) AS id
	UNION ALL
	SELECT a.id FROM llm_attribute_contents(s.attributes) a) c
WHERE c.id IS NOT NULL AND NOT EXISTS (
	SELECT FROM llm_contents o WHERE o.day = (s.start_time AT TIME ZONE 'UTC')::date AND o.id = c.id)`

// orphans counts spans without a trace or a resource that is kept as long.
const orphans = `
SELECT count(*) FROM llm_spans s
WHERE NOT EXISTS (SELECT FROM llm_traces t WHERE t.id = s.trace_id) AND NOT ` + unlisted + `
	OR NOT EXISTS (SELECT FROM llm_resources r WHERE r.id = s.resource_id AND r.last_day >= (s.start_time AT TIME ZONE 'UTC')::date)`

// usage counts the groups of an hour whose counts and latencies in llm_usage differ from
// those over the spans. Tokens and cost of an hour are those of the calls that they stand
// on, see figures.
const usage = `
SELECT count(*) FROM (
	SELECT hour, coalesce(service_name, '') AS service, kind, failed, sum(spans) AS spans, sum(error_spans) AS error_spans,
		sum(calls) AS calls, sum(tool_calls) AS tool_calls, sum(errors) AS errors,
		sum(latency_us_sum) AS latency, max(latency_us_max) AS longest, sum(ttft_us_sum) AS ttft, max(ttft_us_max) AS longest_ttft,
		coalesce(sum((SELECT sum(n) FROM unnest(latency_us_histogram[0:]) n)), 0) AS measured,
		coalesce(sum((SELECT sum(n) FROM unnest(ttft_us_histogram[0:]) n)), 0) AS measured_ttft
	FROM llm_usage GROUP BY 1, 2, 3, 4 HAVING sum(spans) > 0) u
FULL JOIN (
	SELECT date_trunc('hour', start_time, 'UTC') AS hour, coalesce(service_name, '') AS service, kind, error_type IS NOT NULL AS failed,
		count(*) AS spans, count(error_type) AS error_spans,
		count(*) FILTER (WHERE counted AND kind <> 'tool') AS calls, count(*) FILTER (WHERE counted AND kind = 'tool') AS tool_calls,
		count(error_type) FILTER (WHERE counted) AS errors,
		coalesce(sum(duration_us) FILTER (WHERE counted IS NOT FALSE), 0) AS latency, max(duration_us) FILTER (WHERE counted IS NOT FALSE) AS longest,
		coalesce(sum(ttft_us) FILTER (WHERE counted IS NOT FALSE), 0) AS ttft, max(ttft_us) FILTER (WHERE counted IS NOT FALSE) AS longest_ttft,
		count(*) FILTER (WHERE counted IS NOT FALSE) AS measured, count(ttft_us) FILTER (WHERE counted IS NOT FALSE) AS measured_ttft
	FROM (SELECT *, CASE WHEN ttft_ms BETWEEN 0 AND 1e12 THEN (ttft_ms * 1000)::bigint END AS ttft_us FROM llm_spans) measured
	GROUP BY 1, 2, 3, 4) s USING (hour, service, kind, failed)
WHERE (u.spans, u.error_spans, u.calls, u.tool_calls, u.errors, u.latency, u.longest, u.ttft, u.longest_ttft, u.measured, u.measured_ttft)
	IS DISTINCT FROM (s.spans, s.error_spans, s.calls, s.tool_calls, s.errors, s.latency, s.longest, s.ttft, s.longest_ttft, s.measured, s.measured_ttft)`

// figures lists who tells other figures than the definition over llm_spans does: calls
// of models and of tools, what failed of them, tokens and cost.
const figures = `
WITH definition AS (
	SELECT count(*) FILTER (WHERE kind <> 'tool' AND counted) AS calls, count(*) FILTER (WHERE kind = 'tool' AND counted) AS tools,
		count(error_type) FILTER (WHERE counted) AS errors,
		sum(coalesce(input_tokens, (aggregate_usage ->> 'input_tokens')::bigint)) FILTER (WHERE usage_counted) AS input,
		sum(coalesce(output_tokens, (aggregate_usage ->> 'output_tokens')::bigint)) FILTER (WHERE usage_counted) AS output,
		sum(coalesce(total_tokens, (aggregate_usage ->> 'total_tokens')::bigint)) FILTER (WHERE usage_counted) AS total,
		sum(CASE WHEN estimate_counted THEN estimated_cost WHEN coalesce(cost_counted, usage_counted) THEN coalesce(total_cost, (aggregate_usage ->> 'total_cost')::numeric) END) AS cost,
		sum(estimated_cost) FILTER (WHERE usage_counted) AS estimate, count(*) FILTER (WHERE estimate_counted AND estimated_cost IS NULL) AS unpriced
	FROM llm_spans
), told AS (
	SELECT 'llm_calls' AS source, count(*) FILTER (WHERE is_call) AS calls, NULL::bigint AS tools, NULL::bigint AS errors,
		sum(input_tokens) AS input, sum(output_tokens) AS output, sum(total_tokens) AS total, sum(total_cost) AS cost,
		sum(estimated_cost) AS estimate, NULL::bigint AS unpriced FROM llm_calls
	UNION ALL
	SELECT 'llm_call_facts', count(*) FILTER (WHERE is_call), (SELECT count(*) FROM llm_tool_facts),
		count(*) FILTER (WHERE failed) + (SELECT count(*) FROM llm_tool_facts WHERE failed),
		sum(input_tokens), sum(output_tokens), sum(total_tokens), sum(total_cost), sum(estimated_cost), NULL FROM llm_call_facts
	UNION ALL
	SELECT 'llm_tool_calls', NULL, count(*), NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM llm_tool_calls
	UNION ALL
	SELECT 'llm_traces', NULL, sum(tool_call_count), sum(error_count), sum(input_tokens), sum(output_tokens), sum(total_tokens), sum(total_cost), sum(estimated_cost), sum(unpriced_calls) FROM llm_traces
	UNION ALL
	SELECT 'llm_usage', sum(calls), sum(tool_calls), sum(errors), sum(input_tokens), sum(output_tokens), sum(total_tokens), sum(total_cost), sum(estimated_cost), sum(unpriced_calls) FROM llm_usage
	UNION ALL
	SELECT 'llm_usage_daily', sum(calls), sum(tool_calls), sum(errors), sum(input_tokens), sum(output_tokens), sum(total_tokens), sum(total_cost), sum(estimated_cost), sum(unpriced_calls) FROM llm_usage_daily
)
SELECT string_agg(format('%s: %s, not %s', t.source, t, d), '; ') FROM told t, definition d
WHERE coalesce(t.calls, d.calls) <> d.calls OR coalesce(t.tools, d.tools) <> d.tools OR coalesce(t.errors, d.errors) <> d.errors
	OR t.source <> 'llm_tool_calls' AND (coalesce(t.input, 0) <> coalesce(d.input, 0) OR coalesce(t.output, 0) <> coalesce(d.output, 0)
		OR coalesce(t.total, 0) <> coalesce(d.total, 0) OR coalesce(t.cost, 0) <> coalesce(d.cost, 0)
		OR coalesce(t.estimate, 0) <> coalesce(d.estimate, 0) OR coalesce(t.unpriced, d.unpriced) <> d.unpriced)`

// facts are all counted calls of models and of tools, with what they are grouped by.
const facts = `
WITH facts AS MATERIALIZED (
	SELECT trace_hex, session_id, date_trunc('hour', start_time, 'UTC') AS hour, (start_time AT TIME ZONE 'UTC')::date AS day, service_name, environment,
		labels, user_id, agent_name, prompt_name, prompt_version, provider, model, kind, failed, is_call::int AS calls, 0 AS tools,
		(is_call AND kind = 'llm')::int AS llm_calls, (is_call AND total_cost IS NOT NULL)::int AS priced, input_tokens, output_tokens, total_tokens,
		cache_read_tokens, cache_creation_tokens, reasoning_tokens, total_cost, estimated_cost FROM llm_call_facts WHERE start_time >= $1
	UNION ALL
	SELECT trace_hex, session_id, date_trunc('hour', start_time, 'UTC'), (start_time AT TIME ZONE 'UTC')::date, service_name, environment,
		labels, user_id, agent_name, prompt_name, prompt_version, NULL, NULL, kind, failed, 0, 1, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
	FROM llm_tool_facts WHERE start_time >= $1)`

// tokens are the sums of a group.
const tokens = `coalesce(sum(input_tokens), 0)::numeric, coalesce(sum(output_tokens), 0)::numeric, coalesce(sum(total_tokens), 0)::numeric,
	sum(total_cost) AS cost, sum(estimated_cost) AS estimate`

const cached = `, coalesce(sum(cache_read_tokens), 0)::numeric, coalesce(sum(cache_creation_tokens), 0)::numeric, coalesce(sum(reasoning_tokens), 0)::numeric`

// something holds for groups with tokens or cost.
const something = `sum(input_tokens) > 0 OR sum(output_tokens) > 0 OR sum(total_tokens) > 0 OR count(total_cost) > 0 OR count(estimated_cost) > 0`

// shared are the figures that a view shares with the calls and tools, by all that both
// can be grouped by. A group of which there is nothing to say is in neither.
var shared = []struct{ view, calls, told string }{
	{"llm_traces", `SELECT trace_hex, sum(llm_calls), sum(tools), count(*) FILTER (WHERE failed), ` + tokens + ` FROM facts GROUP BY 1
		HAVING sum(llm_calls) + sum(tools) + count(*) FILTER (WHERE failed) > 0 OR ` + something,
		`SELECT trace_id, sum(llm_call_count), sum(tool_call_count), sum(error_count), ` + tokens + ` FROM llm_traces WHERE start_time >= $1 GROUP BY 1
		HAVING sum(llm_call_count) + sum(tool_call_count) + sum(error_count) > 0 OR ` + something},
	{"llm_sessions", `SELECT session_id, sum(llm_calls), sum(tools), count(*) FILTER (WHERE failed), count(*) FILTER (WHERE failed AND tools = 0), sum(priced), ` + tokens + `
		FROM facts WHERE session_id IS NOT NULL GROUP BY 1 HAVING sum(llm_calls) + sum(tools) + count(*) FILTER (WHERE failed) > 0 OR ` + something,
		`SELECT session_id, sum(llm_call_count), sum(tool_call_count), sum(error_count), sum(failed_calls), sum(priced_calls), ` + tokens + `
		FROM llm_sessions WHERE first_seen >= $1 GROUP BY 1 HAVING sum(llm_call_count) + sum(tool_call_count) + sum(error_count) > 0 OR ` + something},
	{"llm_usage of calls", `SELECT hour, service_name, environment, labels, provider, model, kind, failed, sum(calls), sum(priced), ` + tokens + cached + `
		FROM facts WHERE tools = 0 GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 HAVING sum(calls) > 0 OR ` + something,
		`SELECT hour, service_name, environment, labels, provider, model, kind, failed, sum(calls), sum(priced_calls), ` + tokens + cached + `
		FROM llm_usage WHERE hour >= $1 GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 HAVING sum(calls) > 0 OR ` + something},
	{"llm_usage of tools", `SELECT hour, service_name, environment, labels, kind, failed, sum(tools), count(*) FILTER (WHERE failed) FROM facts WHERE tools = 1 GROUP BY 1, 2, 3, 4, 5, 6`,
		`SELECT hour, service_name, environment, labels, kind, failed, sum(tool_calls), sum(failed_tool_calls) FROM llm_usage
		WHERE hour >= $1 GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(tool_calls) > 0`},
	{"llm_usage_daily", `SELECT day, service_name, environment, user_id, labels, agent_name, prompt_name, prompt_version, provider, model, kind,
		sum(calls), sum(tools), count(*) FILTER (WHERE failed), sum(priced), ` + tokens + cached + `
		FROM facts GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 HAVING sum(calls) + sum(tools) > 0 OR ` + something,
		`SELECT day, service_name, environment, user_id, labels, agent_name, prompt_name, prompt_version, provider, model, kind,
		sum(calls), sum(tool_calls), sum(errors), sum(priced_calls), ` + tokens + cached + ` FROM llm_usage_daily
		WHERE day >= ($1::timestamptz AT TIME ZONE 'UTC')::date GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 HAVING sum(calls) + sum(tool_calls) > 0 OR ` + something},
}

// sharedDifferences lists the groups that the calls and a view tell different figures of.
func sharedDifferences(calls, told string) string {
	return facts + `, calls AS (` + calls + `), told AS (` + told + `)
	SELECT coalesce(string_agg(x.side || ' ' || x.line, E'\n'), '') FROM (
		SELECT 'calls:' AS side, to_jsonb(c)::text AS line FROM (SELECT * FROM calls EXCEPT ALL SELECT * FROM told) c
		UNION ALL SELECT 'view:', to_jsonb(c)::text FROM (SELECT * FROM told EXCEPT ALL SELECT * FROM calls) c) x`
}

// sessions counts those of which llm_sessions tells other traces and users than the spans do.
const sessions = `
SELECT count(*) FROM (
	SELECT coalesce(s.session_id, t.session_id) AS session_id, count(DISTINCT s.trace_id) AS traces, min(s.start_time) AS first_seen, max(s.end_time) AS last_seen,
		array_agg(DISTINCT coalesce(s.user_id, t.user_id) ORDER BY coalesce(s.user_id, t.user_id)) FILTER (WHERE coalesce(s.user_id, t.user_id) IS NOT NULL) AS users
	FROM llm_spans s LEFT JOIN llm_traces t ON t.id = s.trace_id WHERE coalesce(s.session_id, t.session_id) IS NOT NULL GROUP BY 1) d
FULL JOIN llm_sessions s USING (session_id)
WHERE (d.traces, d.first_seen, d.last_seen, d.users) IS DISTINCT FROM (s.trace_count, s.first_seen, s.last_seen, s.users)`

// stale counts the folded hours whose sums differ from those made anew.
const stale = `
SELECT count(*) FROM (SELECT DISTINCT date_trunc('hour', start_time, 'UTC') AS hour FROM llm_spans) h
WHERE NOT EXISTS (SELECT FROM llm_usage_hours n WHERE n.hour = h.hour) AND (EXISTS (
		(SELECT jsonb_strip_nulls(to_jsonb(f)) - '{id,dropped}'::text[] FROM llm_usage_hourly f WHERE f.hour = h.hour AND NOT f.dropped EXCEPT ALL SELECT jsonb_strip_nulls(to_jsonb(u)) FROM llm_usage_of(h.hour) u)
		UNION ALL (SELECT jsonb_strip_nulls(to_jsonb(u)) FROM llm_usage_of(h.hour) u EXCEPT ALL SELECT jsonb_strip_nulls(to_jsonb(f)) - '{id,dropped}'::text[] FROM llm_usage_hourly f WHERE f.hour = h.hour AND NOT f.dropped))
	OR EXISTS (
		(SELECT jsonb_strip_nulls(to_jsonb(f)) - '{id,dropped}'::text[] FROM llm_internal_usage_parts f WHERE f.hour = h.hour AND NOT f.dropped
			EXCEPT ALL SELECT jsonb_strip_nulls(to_jsonb(u)) FROM llm_internal_usage_parts_of(h.hour) u)
		UNION ALL (SELECT jsonb_strip_nulls(to_jsonb(u)) FROM llm_internal_usage_parts_of(h.hour) u
			EXCEPT ALL SELECT jsonb_strip_nulls(to_jsonb(f)) - '{id,dropped}'::text[] FROM llm_internal_usage_parts f WHERE f.hour = h.hour AND NOT f.dropped)))`

// Folded requires that the sums of each folded hour are those over its spans.
func Folded(t testing.TB, db *pgxpool.Pool) {
	t.Helper()
	none(t, db, "folded hours that are out of date", stale)
}

// Spans requires that exactly spans distinct spans are stored, those of a model's API (logs.ObserveAPICalls) among them, beside
// the calls that their events tell, that every roll-up
// equals the aggregate over them, and that nothing they refer to is missing.
func Spans(t testing.TB, db *pgxpool.Pool, spans int) {
	t.Helper()
	var stored, distinct int
	require.NoError(t, db.QueryRow(context.Background(), `SELECT count(*), count(DISTINCT (trace_id, span_id)) FROM llm_spans
		WHERE source = 'span' OR scope_name LIKE 'com.anthropic.claude-platform%'`).Scan(&stored, &distinct))
	require.Equal(t, spans, stored, "stored spans")
	require.Equal(t, spans, distinct, "distinct spans")
	Consistent(t, db)
}

// Consistent is Spans for any number of spans.
func Consistent(t testing.TB, db *pgxpool.Pool) {
	t.Helper()
	Rollups(t, db)
	none(t, db, "references to contents that are not there", missing)
	none(t, db, "spans without a trace or a resource", orphans)
	Usage(t, db)
}

// Rollups requires that every trace's row equals the aggregate over its spans.
func Rollups(t testing.TB, db *pgxpool.Pool) {
	t.Helper()
	none(t, db, "traces whose roll-ups differ from the aggregate over their spans", rollups)
}

// Usage requires that llm_usage equals the sums over the spans.
func Usage(t testing.TB, db *pgxpool.Pool) {
	t.Helper()
	none(t, db, "hours and groups whose usage differs from the sums over their spans", usage)
	var differ string
	require.NoError(t, db.QueryRow(context.Background(), `SELECT coalesce((`+figures+`), '')`).Scan(&differ))
	require.Empty(t, differ, "figures that are not those of the definition")
}

// Agree requires that all views tell the same figures, in sum and in every group that two
// of them share.
func Agree(t testing.TB, db *pgxpool.Pool) {
	t.Helper()
	Usage(t, db)
	AgreeSince(t, db, time.Time{})
}

// AgreeSince is Agree for the time since a day: sums outlive the spans of the days before.
func AgreeSince(t testing.TB, db *pgxpool.Pool, since time.Time) {
	t.Helper()
	Folded(t, db)
	for _, s := range shared {
		var differences string
		require.NoError(t, db.QueryRow(context.Background(), sharedDifferences(s.calls, s.told), since).Scan(&differences), s.view)
		require.Empty(t, differences, s.view)
	}
	none(t, db, "sessions whose traces, times or users are not those of their spans", sessions)
}

func none(t testing.TB, db *pgxpool.Pool, what, query string) {
	t.Helper()
	var n int
	require.NoError(t, db.QueryRow(context.Background(), query).Scan(&n), what)
	require.Zero(t, n, what)
}
