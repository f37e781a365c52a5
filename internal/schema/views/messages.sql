-- A row per message of every span that has messages.
CREATE OR REPLACE VIEW {{.schema}}.llm_messages WITH (security_invoker = true) AS
SELECT s.trace_id, t.trace_id AS trace_hex, s.span_id, s.start_time, m.direction, m.position,
    c.body ->> 'role' AS role, {{.schema}}.llm_message_text(c.body) AS content,
    CASE WHEN m.direction = 'output' AND s.finish_reasons[m.position] IS NOT NULL
         THEN c.body || jsonb_build_object('finish_reason', s.finish_reasons[m.position]) ELSE c.body END AS body
FROM {{.schema}}.llm_spans s
CROSS JOIN LATERAL (
    SELECT 'input' AS direction, i.position, i.id FROM unnest(s.input_message_ids) WITH ORDINALITY AS i (id, position)
    UNION ALL
    SELECT 'output', o.position, o.id FROM unnest(s.output_message_ids) WITH ORDINALITY AS o (id, position)) m
LEFT JOIN {{.schema}}.llm_contents c ON c.day = (s.start_time AT TIME ZONE 'UTC')::date AND c.id = m.id
LEFT JOIN {{.schema}}.llm_traces t ON t.id = s.trace_id;
