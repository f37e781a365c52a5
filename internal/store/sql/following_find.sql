-- Stored calls of turns that may follow a prompt, in some traces: their parent is the agent of the
-- turn.
SELECT r.n, r.origin, t.trace_id, coalesce(p.settled, false), s.response_id IS NULL AND s.tool_call_id IS NULL,
    s.response_id IS NOT NULL OR s.tool_call_id IS NOT NULL, {{template "candidate" .}}
FROM {{.rows}}
JOIN {{.schema}}.llm_traces t ON t.trace_id = replace(r.place::text, '-', '')
CROSS JOIN LATERAL (
    SELECT * FROM {{.schema}}.llm_spans
    WHERE trace_id = t.id AND start_time BETWEEN t.start_time AND t.end_time AND end_time >= r.since
        AND parent_span_id = r.agent AND source = 'event' AND kind IN ('llm', 'embedding', 'reranker', 'tool') OFFSET 0) s
LEFT JOIN {{.schema}}.llm_internal_event_places p ON p.origin = r.origin AND p.span_id = s.span_id
