// Package rowcheck compares stored rows with what must hold of them, by SQL. All
// tests that write through the exporter use it.
package rowcheck

import (
	"context"
	"testing"

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

// groups counts the traces, sessions, days with a model, and days with a user, that
// llm_calls tells other figures of than llm_traces, llm_sessions, llm_usage and
// llm_usage_daily.
const groups = `
WITH calls AS MATERIALIZED (SELECT *, (start_time AT TIME ZONE 'UTC')::date AS day FROM llm_call_facts),
tools AS MATERIALIZED (SELECT *, (start_time AT TIME ZONE 'UTC')::date AS day FROM llm_tool_facts)
SELECT
	(SELECT count(*) FROM (SELECT trace_id, count(*) FILTER (WHERE is_call AND kind = 'llm') AS calls, coalesce(sum(total_tokens), 0) AS tokens, coalesce(sum(total_cost), 0) AS cost
		FROM calls GROUP BY trace_id) c FULL JOIN llm_traces t ON t.id = c.trace_id
	 WHERE (coalesce(c.calls, 0), coalesce(c.tokens, 0), coalesce(c.cost, 0)) IS DISTINCT FROM (t.llm_call_count::bigint, t.total_tokens::numeric, coalesce(t.total_cost, 0)))
	+ (SELECT count(*) FROM (SELECT session_id, count(*) FILTER (WHERE is_call AND kind = 'llm') AS calls, coalesce(sum(total_tokens), 0) AS tokens, sum(total_cost) AS cost,
			count(*) FILTER (WHERE failed) AS failed FROM calls WHERE session_id IS NOT NULL GROUP BY session_id) c
		FULL JOIN (SELECT session_id, llm_call_count, total_tokens, total_cost, failed_calls FROM llm_sessions) s USING (session_id)
	 WHERE (coalesce(c.calls, 0), coalesce(c.tokens, 0), c.cost, coalesce(c.failed, 0)) IS DISTINCT FROM (s.llm_call_count, s.total_tokens, s.total_cost, s.failed_calls))
	+ (SELECT count(*) FROM (SELECT session_id, count(*) AS tools FROM tools WHERE session_id IS NOT NULL GROUP BY session_id) c
		FULL JOIN (SELECT session_id, tool_call_count FROM llm_sessions) s USING (session_id) WHERE coalesce(c.tools, 0) <> s.tool_call_count)
	+ (SELECT count(*) FROM (SELECT day, coalesce(model, '') AS model, kind, count(*) FILTER (WHERE is_call) AS calls, coalesce(sum(total_tokens), 0) AS tokens, sum(total_cost) AS cost
			FROM calls GROUP BY 1, 2, 3) c
		FULL JOIN (SELECT (hour AT TIME ZONE 'UTC')::date AS day, coalesce(model, '') AS model, kind, sum(calls) AS calls, sum(total_tokens) AS tokens, sum(total_cost) AS cost
			FROM llm_usage GROUP BY 1, 2, 3 HAVING sum(calls) > 0 OR sum(total_tokens) > 0 OR sum(total_cost) IS NOT NULL) u USING (day, model, kind)
	 WHERE (c.calls, c.tokens, c.cost) IS DISTINCT FROM (u.calls, u.tokens, u.cost) AND (c.calls, c.tokens) IS DISTINCT FROM (0, 0))
	+ (SELECT count(*) FROM (SELECT day, coalesce(user_id, '') AS who, coalesce(agent_name, '') AS agent, count(*) FILTER (WHERE is_call) AS calls, coalesce(sum(total_tokens), 0) AS tokens
			FROM calls GROUP BY 1, 2, 3) c
		FULL JOIN (SELECT day, coalesce(user_id, '') AS who, coalesce(agent_name, '') AS agent, sum(calls) AS calls, sum(total_tokens) AS tokens
			FROM llm_usage_daily WHERE kind <> 'tool' GROUP BY 1, 2, 3) u USING (day, who, agent)
	 WHERE (c.calls, c.tokens) IS DISTINCT FROM (u.calls, u.tokens))`

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

// Spans requires that exactly spans distinct spans are stored, that every roll-up
// equals the aggregate over them, and that nothing they refer to is missing.
func Spans(t testing.TB, db *pgxpool.Pool, spans int) {
	t.Helper()
	var stored, distinct int
	require.NoError(t, db.QueryRow(context.Background(), `SELECT count(*), count(DISTINCT (trace_id, span_id)) FROM llm_spans`).Scan(&stored, &distinct))
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

// Agree requires that all views tell the same figures of each trace, session, day, model,
// user and agent.
func Agree(t testing.TB, db *pgxpool.Pool) {
	t.Helper()
	Usage(t, db)
	Folded(t, db)
	none(t, db, "groups of which views tell different figures", groups)
}

func none(t testing.TB, db *pgxpool.Pool, what, query string) {
	t.Helper()
	var n int
	require.NoError(t, db.QueryRow(context.Background(), query).Scan(&n), what)
	require.Zero(t, n, what)
}
