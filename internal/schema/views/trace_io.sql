-- What a trace was asked and what it answered: the last user message of its
-- earliest counted call, the last assistant text of its latest.
CREATE OR REPLACE VIEW {{.schema}}.llm_trace_io WITH (security_invoker = true) AS
SELECT t.id AS trace_id, t.trace_id AS trace_hex, t.name, t.start_time, i.input, o.output
FROM {{.schema}}.llm_traces t
LEFT JOIN LATERAL (
    SELECT (SELECT {{.schema}}.llm_message_text(m.value) FROM jsonb_array_elements(c.input_messages) WITH ORDINALITY m
            WHERE m.value ->> 'role' = 'user' AND {{.schema}}.llm_message_text(m.value) IS NOT NULL
            ORDER BY m.ordinality DESC LIMIT 1) AS input
    FROM {{.schema}}.llm_calls c
    WHERE c.trace_id = t.id AND c.start_time BETWEEN t.start_time AND t.end_time AND c.kind = 'llm' AND c.counted
    ORDER BY c.start_time, c.span_id LIMIT 1) i ON true
LEFT JOIN LATERAL (
    SELECT (SELECT {{.schema}}.llm_message_text(m.value) FROM jsonb_array_elements(c.output_messages) WITH ORDINALITY m
            WHERE m.value ->> 'role' = 'assistant' AND {{.schema}}.llm_message_text(m.value) IS NOT NULL
            ORDER BY m.ordinality DESC LIMIT 1) AS output
    FROM {{.schema}}.llm_calls c
    WHERE c.trace_id = t.id AND c.start_time BETWEEN t.start_time AND t.end_time AND c.kind = 'llm' AND c.counted
    ORDER BY c.start_time DESC, c.span_id DESC LIMIT 1) o ON true;
