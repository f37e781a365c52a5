-- Stored spans that events name, or that have the response id of one.
SELECT r.n, replace(r.trace_id::text, '-', '')::uuid, t.trace_id, false, false, s.response_id IS NOT NULL OR s.tool_call_id IS NOT NULL, {{template "candidate" .}}
FROM {{.rows}}
JOIN {{.schema}}.llm_traces t ON t.trace_id = replace(r.trace_id::text, '-', '')
CROSS JOIN LATERAL (
    SELECT * FROM {{.schema}}.llm_spans
    WHERE trace_id = t.id AND start_time BETWEEN t.start_time AND t.end_time AND source IS DISTINCT FROM 'event' AND span_id = r.span_id
    UNION ALL
    SELECT * FROM {{.schema}}.llm_spans
    WHERE trace_id = t.id AND start_time BETWEEN t.start_time AND t.end_time AND source IS DISTINCT FROM 'event' AND response_id = r.response_id
    OFFSET 0) s
