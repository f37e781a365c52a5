-- The stored prompts under some keys, wherever they are kept.
SELECT r.n, c.span_id, {{template "micros" "c.start_time"}}, {{template "micros" "c.end_time"}}, c.origin, coalesce(p.trace_id, c.origin)
FROM {{.rows}}
JOIN {{.schema}}.llm_internal_call_candidates c ON c.key = r.key
LEFT JOIN {{.schema}}.llm_internal_event_places p ON p.origin = c.origin AND p.span_id = c.span_id
LEFT JOIN {{.schema}}.llm_traces t ON t.trace_id = replace(coalesce(p.trace_id, c.origin)::text, '-', '')
WHERE EXISTS (SELECT FROM {{.schema}}.llm_spans s
    WHERE s.trace_id IN (coalesce(t.id, p.trace_id, c.origin), c.origin) AND s.span_id = c.span_id AND s.start_time = c.start_time)
