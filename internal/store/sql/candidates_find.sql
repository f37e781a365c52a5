-- Stored calls under a key that end within a time, and prompts, which may be of no row of
-- llm_traces.
SELECT r.n, k.origin, replace(coalesce(p.trace_id, k.origin)::text, '-', ''), coalesce(p.settled, false), k.by_time, k.has_id, {{template "candidate" .}}
FROM {{.rows}}
CROSS JOIN LATERAL (
    SELECT * FROM {{.schema}}.llm_internal_call_candidates c
    WHERE c.key = r.key AND c.end_time BETWEEN r.first AND r.last AND (c.by_time OR NOT r.only_by_time) AND NOT (c.has_id AND r.without_id)
    ORDER BY c.end_time LIMIT r.most) k
LEFT JOIN {{.schema}}.llm_internal_event_places p ON p.origin = k.origin AND p.span_id = k.span_id
LEFT JOIN {{.schema}}.llm_traces t ON t.trace_id = replace(coalesce(p.trace_id, k.origin)::text, '-', '')
CROSS JOIN LATERAL (
    SELECT * FROM {{.schema}}.llm_spans
    WHERE trace_id = coalesce(t.id, p.trace_id, k.origin) AND span_id = k.span_id AND start_time = k.start_time OFFSET 0) s
