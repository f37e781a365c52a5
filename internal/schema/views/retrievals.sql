-- Each look-up of documents: what was asked and what was found.
CREATE OR REPLACE VIEW {{.schema}}.llm_retrievals WITH (security_invoker = true) AS
SELECT s.trace_id, t.trace_id AS trace_hex, s.span_id, s.parent_span_id, s.name, s.service_name, s.start_time, s.end_time, s.duration_us,
    s.error_type IS NOT NULL AS failed, s.error_type, s.error_message,
    coalesce(s.user_id, t.user_id) AS user_id, coalesce(s.session_id, t.session_id) AS session_id,
    coalesce(s.environment, t.environment) AS environment, coalesce(s.release, t.release) AS release,
    coalesce(s.tags, nullif(t.tags, '{}')) AS tags, coalesce(t.labels || s.labels, s.labels, t.labels) AS labels,
    coalesce(s.agent_name, CASE WHEN t.span_count > 1
        THEN {{.schema}}.llm_internal_agent(s.trace_id, s.span_id, s.parent_span_id, t.span_count, t.start_time, t.end_time) END) AS agent_name,
    cardinality(s.document_ids) AS document_count, s.retrieval_query_id, s.document_ids,
    (SELECT w.body FROM {{.schema}}.llm_contents w WHERE w.day = d.day AND w.id = s.retrieval_query_id) #>> '{}' AS retrieval_query,
    CASE WHEN s.document_ids IS NOT NULL THEN (
        SELECT CASE WHEN count(w.id) > 0 OR count(*) = 0 THEN coalesce(jsonb_agg(w.body ORDER BY m.n), '[]') END
        FROM unnest(s.document_ids) WITH ORDINALITY m (id, n) LEFT JOIN LATERAL (SELECT c.id, c.body FROM {{.schema}}.llm_contents c WHERE c.day = d.day AND c.id = m.id OFFSET 0) w ON true) END AS documents
FROM {{.schema}}.llm_spans s
LEFT JOIN {{.schema}}.llm_traces t ON t.id = s.trace_id
CROSS JOIN LATERAL (SELECT (s.start_time AT TIME ZONE 'UTC')::date AS day) d
WHERE s.kind = 'retriever';
