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

-- The call that a score is about: the one of the span that the score names, else the one with
-- its response id. As a subquery of the view it was planned over all days for each score, which
-- PostgreSQL took for so costly that it compiled the query for 62 s.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_scored_call(of_trace uuid, of_span text, of_response text)
RETURNS TABLE (trace_id uuid, trace_hex text, span_id text, name text, service_name text, start_time timestamptz, duration_us bigint, provider text, model text,
    response_id text, session_id text, user_id text, input_tokens bigint, output_tokens bigint, total_cost numeric, failed boolean)
LANGUAGE plpgsql STABLE ROWS 1 SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
        SELECT f.trace_id, f.trace_hex, f.span_id, f.name, f.service_name, f.start_time, f.duration_us, f.provider, f.model,
            f.response_id, f.session_id, f.user_id, f.input_tokens, f.output_tokens, f.total_cost, f.failed
        FROM {{.schema}}.llm_traces t
        JOIN {{.schema}}.llm_call_facts f ON f.trace_id = t.id AND f.start_time BETWEEN t.start_time AND t.end_time
        WHERE t.id = of_trace AND f.span_id = of_span ORDER BY f.start_time LIMIT 1;
    IF NOT FOUND AND of_response IS NOT NULL THEN
        RETURN QUERY
            SELECT f.trace_id, f.trace_hex, f.span_id, f.name, f.service_name, f.start_time, f.duration_us, f.provider, f.model,
                f.response_id, f.session_id, f.user_id, f.input_tokens, f.output_tokens, f.total_cost, f.failed
            FROM {{.schema}}.llm_call_facts f WHERE f.response_id = of_response ORDER BY f.start_time LIMIT 1;
    END IF;
END
$$;

-- Scores with the call that each is about. Null where no such call is stored. Of a score that a record
-- tells and an event of the span too, the first counts. Each is compared with at most 100 of its span: a span
-- may have any number.
CREATE OR REPLACE VIEW {{.schema}}.llm_call_scores WITH (security_invoker = true) AS
SELECT s.id AS score_id, s.time AS scored_at, s.name AS score_name, s.value, s.label, s.error_type AS score_error_type,
    (SELECT w.body FROM {{.schema}}.llm_contents w WHERE w.day = s.day AND w.id = s.explanation_id) #>> '{}' AS explanation,
    {{.schema}}.llm_whole_attributes(s.day, s.attributes) AS score_attributes,
    c.trace_id, c.trace_hex, c.span_id, c.name, c.service_name, c.start_time, c.duration_us, c.provider, c.model,
    coalesce(c.response_id, s.response_id) AS response_id, coalesce(c.session_id, s.session_id) AS session_id, c.user_id,
    c.input_tokens, c.output_tokens, c.total_cost, c.failed
FROM {{.schema}}.llm_scores s
LEFT JOIN LATERAL {{.schema}}.llm_internal_scored_call(s.trace_id, s.span_id, s.response_id) c ON true
WHERE s.belongs_to IS NULL OR s.span_id IS NULL OR NOT EXISTS (SELECT FROM (
        SELECT r.name, r.value, r.label, r.error_type, r.explanation_id, r.time, r.id FROM {{.schema}}.llm_scores r
        WHERE r.belongs_to = s.belongs_to AND r.span_id = s.span_id AND r.day = s.day LIMIT 100) o
    WHERE o.name IS NOT DISTINCT FROM s.name AND o.value IS NOT DISTINCT FROM s.value AND o.label IS NOT DISTINCT FROM s.label
        AND o.error_type IS NOT DISTINCT FROM s.error_type AND o.explanation_id IS NOT DISTINCT FROM s.explanation_id
        AND o.time >= s.time - interval '2 s' AND (o.time, o.id) < (s.time, s.id));
