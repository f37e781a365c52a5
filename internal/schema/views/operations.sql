-- What the calls of a service lack, and what was repaired in its spans, for each day.
CREATE OR REPLACE VIEW {{.schema}}.llm_data_quality WITH (security_invoker = true) AS
SELECT d.day, q.service_name, q.spans, coalesce(c.calls, 0) AS calls, coalesce(c.without_session, 0) AS without_session,
    coalesce(c.without_user, 0) AS without_user, coalesce(c.without_usage, 0) AS without_usage, coalesce(c.without_model, 0) AS without_model,
    coalesce(c.without_cost, 0) AS without_cost, q.adjusted_spans, a.adjustments
FROM {{.schema}}.llm_internal_days() d
CROSS JOIN LATERAL (
    SELECT s.service_name, count(*) AS spans, count(s.adjustments) AS adjusted_spans
    FROM {{.schema}}.llm_spans s WHERE s.start_time >= d.since AND s.start_time < d.until
    GROUP BY s.service_name) q
LEFT JOIN LATERAL (
    SELECT i.service_name, count(*) AS calls, count(*) FILTER (WHERE i.session_id IS NULL) AS without_session,
        count(*) FILTER (WHERE i.user_id IS NULL) AS without_user,
        count(*) FILTER (WHERE NOT i.failed AND coalesce(i.input_tokens, i.output_tokens, i.total_tokens) IS NULL) AS without_usage,
        count(*) FILTER (WHERE i.model IS NULL) AS without_model, count(*) FILTER (WHERE NOT i.failed AND i.total_cost IS NULL) AS without_cost
    FROM {{.schema}}.llm_internal_calls i WHERE i.start_time >= d.since AND i.start_time < d.until AND i.is_call
    GROUP BY i.service_name) c ON c.service_name IS NOT DISTINCT FROM q.service_name
LEFT JOIN LATERAL (
    SELECT n.service_name, jsonb_object_agg(n.adjustment, n.spans) FILTER (WHERE n.adjustment IS NOT NULL) AS adjustments
    FROM (SELECT s.service_name, u.adjustment, count(*) AS spans
          FROM {{.schema}}.llm_spans s CROSS JOIN LATERAL unnest(s.adjustments) u (adjustment)
          WHERE s.start_time >= d.since AND s.start_time < d.until AND s.adjustments IS NOT NULL
          GROUP BY s.service_name, u.adjustment) n
    GROUP BY n.service_name) a ON a.service_name IS NOT DISTINCT FROM q.service_name;

-- What the tables take on disk, with indexes: those by day for each day, others whole.
CREATE OR REPLACE VIEW {{.schema}}.llm_storage WITH (security_invoker = true) AS
SELECT p.relname::text AS table_name, CASE WHEN c.relname ~ '_[0-9]{8}$' THEN to_date(right(c.relname, 8), 'YYYYMMDD') END AS day,
    c.relname::text AS partition_name, greatest(c.reltuples, 0)::bigint AS row_estimate,
    b.of_table AS table_bytes, b.whole - b.of_table AS index_bytes, b.whole AS total_bytes
FROM pg_class c
CROSS JOIN LATERAL (SELECT {{.schema}}.llm_internal_size(c.oid, '_table_size') AS of_table,
    {{.schema}}.llm_internal_size(c.oid, '_total_relation_size') AS whole) b
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
JOIN pg_class p ON p.oid = coalesce(i.inhparent, c.oid)
WHERE n.nspname = {{.schema_literal}} AND c.relkind = 'r' AND starts_with(c.relname, 'llm_');

-- When a service's spans were last stored, and how long after their end: of the last
-- day, of hours that are not folded, as those are in which late spans have come, and of
-- the last hour of a service that has been silent since.
CREATE OR REPLACE VIEW {{.schema}}.llm_ingest WITH (security_invoker = true) AS
SELECT service_name, max(last_stored) AS last_stored, max(last_span) AS last_span, now() - max(last_stored) FILTER (WHERE isfinite(last_stored)) AS silent_for,
    (array_agg(last_lag ORDER BY last_stored DESC NULLS LAST))[1] AS lag, max(greatest_lag) AS greatest_lag,
    coalesce(sum(spans), 0)::bigint AS spans_of_last_day
FROM (
    SELECT s.service_name, max(s.stored_at) AS last_stored, max(s.end_time) AS last_span,
        (array_agg({{.lag}} ORDER BY s.stored_at DESC NULLS LAST))[1] AS last_lag,
        max({{.lag}}) AS greatest_lag, count(*) AS spans
    FROM {{.schema}}.llm_spans s WHERE s.start_time >= now() - interval '1 day'
    GROUP BY s.service_name
    UNION ALL
    SELECT s.service_name, max(s.stored_at), max(s.end_time),
        (array_agg({{.lag}} ORDER BY s.stored_at DESC NULLS LAST))[1], max({{.lag}}), NULL
    FROM (SELECT DISTINCT n.hour FROM {{.schema}}.llm_usage_hours n WHERE n.hour < now() - interval '1 day') h
    CROSS JOIN LATERAL (SELECT o.service_name, o.stored_at, o.end_time FROM {{.schema}}.llm_spans o
        WHERE o.start_time >= h.hour AND o.start_time < h.hour + interval '1 hour') s
    GROUP BY s.service_name
    UNION ALL
    SELECT u.service_name, max(s.stored_at), max(coalesce(s.end_time, u.hour)),
        (array_agg({{.lag}} ORDER BY s.stored_at DESC NULLS LAST))[1], max({{.lag}}), NULL
    FROM (SELECT f.service_name, max(f.hour) AS hour FROM {{.schema}}.llm_usage_hourly f GROUP BY f.service_name) u
    LEFT JOIN LATERAL (SELECT o.stored_at, o.end_time FROM {{.schema}}.llm_spans o
        WHERE u.hour < now() - interval '1 day' AND o.start_time >= u.hour AND o.start_time < u.hour + interval '1 hour'
            AND o.service_name IS NOT DISTINCT FROM u.service_name) s ON true
    GROUP BY u.service_name) s
GROUP BY service_name;
