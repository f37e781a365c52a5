-- Stored events, of which prompts may be of no row of llm_traces, with what the row of a trace takes from them.
SELECT {{template "stored_span" .}},
    s.name, s.service_name, s.environment, s.release, s.user_id, s.session_id, to_jsonb(s.tags), s.labels, s.trace_id
FROM {{.rows}}
LEFT JOIN {{.schema}}.llm_traces t ON t.trace_id = replace(r.trace_id::text, '-', '')
CROSS JOIN LATERAL (
    SELECT * FROM {{.schema}}.llm_spans
    WHERE trace_id = coalesce(t.id, r.trace_id) AND span_id = r.span_id AND start_time = r.start_time OFFSET 0) s
