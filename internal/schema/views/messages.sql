-- A row per message of each counted call. Which are new is found out once a call, and
-- only where a query asks for it.
CREATE OR REPLACE VIEW {{.schema}}.llm_messages WITH (security_invoker = true) AS
SELECT i.trace_id, i.trace_hex, i.span_id, i.start_time, i.service_name, i.user_id, i.session_id, i.environment, i.release, i.tags, i.labels,
    i.agent_name, i.provider, i.model, m.direction, m.position, c.body ->> 'role' AS role, {{.schema}}.llm_message_text(c.body) AS content,
    m.direction = 'output' OR coalesce(n.new_inputs[m.position], true) AS is_new,
    CASE WHEN m.direction = 'output' AND i.finish_reasons[m.position] IS NOT NULL
         THEN c.body || jsonb_build_object('finish_reason', i.finish_reasons[m.position]) ELSE c.body END AS body, m.id AS content_id
FROM {{.schema}}.llm_internal_calls i
CROSS JOIN LATERAL (
    SELECT {{.schema}}.llm_internal_new_inputs(i.trace_id, i.session_id, i.start_time, i.span_id, i.input_message_ids) AS new_inputs OFFSET 0) n
CROSS JOIN LATERAL (
    SELECT 'input' AS direction, u.position, u.id, i.input_day AS day FROM unnest(i.input_message_ids) WITH ORDINALITY AS u (id, position)
    UNION ALL
    SELECT 'output', u.position, u.id, i.output_day FROM unnest(i.output_message_ids) WITH ORDINALITY AS u (id, position)) m
LEFT JOIN {{.schema}}.llm_contents c ON c.day = m.day AND c.id = m.id
WHERE i.is_call;
