// Package rowcheck compares stored rows with what must hold of them, by SQL. All
// tests that write through the exporter use it.
package rowcheck

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
)

// rollups counts the traces whose row differs from the aggregate over its spans.
const rollups = `
SELECT count(*) FROM llm_traces t
FULL JOIN (
	SELECT trace_id, count(*) AS spans, min(start_time) AS start_time, max(end_time) AS end_time,
		count(*) FILTER (WHERE kind = 'llm' AND counted) AS llm, count(*) FILTER (WHERE kind = 'tool' AND counted) AS tool,
		count(error_type) AS errors,
		coalesce(sum(coalesce(input_tokens, (aggregate_usage ->> 'input_tokens')::bigint)) FILTER (WHERE usage_counted), 0) AS input,
		coalesce(sum(coalesce(output_tokens, (aggregate_usage ->> 'output_tokens')::bigint)) FILTER (WHERE usage_counted), 0) AS output,
		coalesce(sum(coalesce(total_tokens, (aggregate_usage ->> 'total_tokens')::bigint)) FILTER (WHERE usage_counted), 0) AS total,
		coalesce(sum(coalesce(total_cost, (aggregate_usage ->> 'total_cost')::numeric)) FILTER (WHERE usage_counted), 0) AS cost,
		coalesce(array_agg(DISTINCT coalesce(request_model, response_model) COLLATE "C") FILTER (WHERE kind IN ('llm', 'embedding', 'reranker')
			AND coalesce(request_model, response_model) IS NOT NULL), '{}') AS models,
		(SELECT coalesce(array_agg(DISTINCT tag COLLATE "C"), '{}') FROM llm_spans x, unnest(x.tags) tag WHERE x.trace_id = s.trace_id) AS tags
	FROM llm_spans s GROUP BY trace_id) a ON a.trace_id = t.id
WHERE (t.span_count, t.start_time, t.end_time, t.duration_us, t.llm_call_count, t.tool_call_count, t.error_count,
		t.input_tokens, t.output_tokens, t.total_tokens, t.total_cost, t.models, t.tags)
	IS DISTINCT FROM (a.spans, a.start_time, a.end_time, (extract(epoch FROM a.end_time - a.start_time) * 1000000)::bigint, a.llm, a.tool, a.errors,
		a.input, a.output, a.total, a.cost, a.models, a.tags)`

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
WHERE NOT EXISTS (SELECT FROM llm_traces t WHERE t.id = s.trace_id)
	OR NOT EXISTS (SELECT FROM llm_resources r WHERE r.id = s.resource_id AND r.last_day >= (s.start_time AT TIME ZONE 'UTC')::date)`

// usage counts the groups of an hour whose sums in llm_usage differ from those over
// the spans.
const usage = `
SELECT count(*) FROM (
	SELECT hour, coalesce(service_name, '') AS service, coalesce(environment, '') AS environment, coalesce(provider, '') AS provider,
		coalesce(model, '') AS model, kind, sum(spans) AS spans, sum(calls) AS calls, sum(errors) AS errors,
		sum(input_tokens) AS input, sum(output_tokens) AS output, sum(total_tokens) AS total,
		sum(cache_read_tokens) AS cache_read, sum(cache_creation_tokens) AS cache_creation, sum(reasoning_tokens) AS reasoning, sum(total_cost) AS cost,
		sum(latency_us_sum) AS latency, max(latency_us_max) AS longest, sum(ttft_us_sum) AS ttft, max(ttft_us_max) AS longest_ttft,
		coalesce(sum((SELECT sum(n) FROM unnest(latency_us_histogram) n)), 0) AS measured,
		coalesce(sum((SELECT sum(n) FROM unnest(ttft_us_histogram) n)), 0) AS measured_ttft
	FROM llm_usage GROUP BY 1, 2, 3, 4, 5, 6) u
FULL JOIN (
	SELECT date_trunc('hour', start_time, 'UTC') AS hour, coalesce(service_name, '') AS service, coalesce(environment, '') AS environment,
		coalesce(provider, '') AS provider, coalesce(request_model, response_model, '') AS model, kind,
		count(*) AS spans, count(*) FILTER (WHERE counted) AS calls, count(error_type) AS errors,
		coalesce(sum(coalesce(input_tokens, (aggregate_usage ->> 'input_tokens')::bigint)) FILTER (WHERE usage_counted), 0) AS input,
		coalesce(sum(coalesce(output_tokens, (aggregate_usage ->> 'output_tokens')::bigint)) FILTER (WHERE usage_counted), 0) AS output,
		coalesce(sum(coalesce(total_tokens, (aggregate_usage ->> 'total_tokens')::bigint)) FILTER (WHERE usage_counted), 0) AS total,
		coalesce(sum(coalesce(cache_read_tokens, (aggregate_usage ->> 'cache_read_tokens')::bigint)) FILTER (WHERE usage_counted), 0) AS cache_read,
		coalesce(sum(coalesce(cache_creation_tokens, (aggregate_usage ->> 'cache_creation_tokens')::bigint)) FILTER (WHERE usage_counted), 0) AS cache_creation,
		coalesce(sum(coalesce(reasoning_tokens, (aggregate_usage ->> 'reasoning_tokens')::bigint)) FILTER (WHERE usage_counted), 0) AS reasoning,
		coalesce(sum(coalesce(total_cost, (aggregate_usage ->> 'total_cost')::numeric)) FILTER (WHERE usage_counted), 0) AS cost,
		coalesce(sum(duration_us) FILTER (WHERE counted IS NOT FALSE), 0) AS latency, max(duration_us) FILTER (WHERE counted IS NOT FALSE) AS longest,
		coalesce(sum(ttft_us) FILTER (WHERE counted IS NOT FALSE), 0) AS ttft, max(ttft_us) FILTER (WHERE counted IS NOT FALSE) AS longest_ttft,
		count(*) FILTER (WHERE counted IS NOT FALSE) AS measured, count(ttft_us) FILTER (WHERE counted IS NOT FALSE) AS measured_ttft
	FROM (SELECT *, CASE WHEN ttft_ms BETWEEN 0 AND 1e12 THEN (ttft_ms * 1000)::bigint END AS ttft_us FROM llm_spans) measured GROUP BY 1, 2, 3, 4, 5, 6) s USING (hour, service, environment, provider, model, kind)
WHERE (u.spans, u.calls, u.errors, u.input, u.output, u.total, u.cache_read, u.cache_creation, u.reasoning, u.cost,
		u.latency, u.longest, u.ttft, u.longest_ttft, u.measured, u.measured_ttft)
	IS DISTINCT FROM (s.spans, s.calls, s.errors, s.input, s.output, s.total, s.cache_read, s.cache_creation, s.reasoning, s.cost,
		s.latency, s.longest, s.ttft, s.longest_ttft, s.measured, s.measured_ttft)`

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
}

func none(t testing.TB, db *pgxpool.Pool, what, query string) {
	t.Helper()
	var n int
	require.NoError(t, db.QueryRow(context.Background(), query).Scan(&n), what)
	require.Zero(t, n, what)
}
