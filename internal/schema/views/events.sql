-- Log records as they came.
CREATE OR REPLACE VIEW {{.schema}}.llm_event_details WITH (security_invoker = true) AS
SELECT e.id, e.day, e.time, e.observed_time, e.name, e.event_name, e.severity, e.severity_number,
    e.trace_id, replace(e.trace_id::text, '-', '') AS trace_hex, e.span_id, e.belongs_to,
    e.service_name, e.scope_name, e.scope_version, e.session_id, e.user_id,
    (SELECT w.body FROM {{.schema}}.llm_contents w WHERE w.day = e.day AND w.id = e.body_id) AS body,
    {{.schema}}.llm_whole_attributes(e.day, e.attributes) AS attributes,
    e.resource_id, r.attributes AS resource_attributes, e.flags, e.dropped_attributes_count, e.adjustments
FROM {{.schema}}.llm_events e
LEFT JOIN {{.schema}}.llm_resources r ON r.id = e.resource_id;

-- Scores with the call that each is about: the one of the span that the score names, else
-- the one with its response id. Null where no such call is stored.
CREATE OR REPLACE VIEW {{.schema}}.llm_call_scores WITH (security_invoker = true) AS
SELECT s.id AS score_id, s.time AS scored_at, s.name AS score_name, s.value, s.label, s.error_type AS score_error_type,
    (SELECT w.body FROM {{.schema}}.llm_contents w WHERE w.day = s.day AND w.id = s.explanation_id) #>> '{}' AS explanation,
    {{.schema}}.llm_whole_attributes(s.day, s.attributes) AS score_attributes,
    c.trace_id, c.trace_hex, c.span_id, c.name, c.service_name, c.start_time, c.duration_us, c.provider, c.model,
    coalesce(c.response_id, s.response_id) AS response_id, coalesce(c.session_id, s.session_id) AS session_id, c.user_id,
    c.input_tokens, c.output_tokens, c.total_cost, c.failed
FROM {{.schema}}.llm_scores s
LEFT JOIN LATERAL (
    SELECT o.* FROM (
        SELECT 1 AS rank, f.* FROM {{.schema}}.llm_call_facts f WHERE f.trace_id = s.trace_id AND f.span_id = s.span_id
        UNION ALL
        SELECT 2, f.* FROM {{.schema}}.llm_call_facts f WHERE f.response_id = s.response_id) o
    ORDER BY o.rank, o.start_time LIMIT 1) c ON true;
