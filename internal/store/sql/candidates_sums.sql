-- Spans of traces that report the usage of calls around them.
SELECT 0, replace(t.trace_id, '-', '')::uuid, t.trace_id, false, false, false, {{template "candidate" .}}
FROM {{.schema}}.llm_traces t
CROSS JOIN LATERAL (
    SELECT * FROM {{.schema}}.llm_spans
    WHERE trace_id = t.id AND start_time BETWEEN t.start_time AND t.end_time AND kind IN ('agent', 'chain')
        AND source IS DISTINCT FROM 'event' AND aggregate_usage IS NOT NULL OFFSET 0) s
WHERE t.trace_id = ANY ($1)
