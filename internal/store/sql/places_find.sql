-- Where events are that came before.
SELECT r.n, p.trace_id
FROM {{.rows}}
JOIN {{.schema}}.llm_internal_event_places p ON p.origin = r.origin AND p.span_id = r.span_id
JOIN {{.schema}}.llm_traces t ON t.trace_id = replace(p.trace_id::text, '-', '')
WHERE EXISTS (SELECT FROM {{.schema}}.llm_spans s WHERE s.trace_id = t.id AND s.span_id = p.span_id AND s.start_time = r.start_time)
