-- Stored calls of models, of any trace, that have the id of a response and end within a time.
SELECT r.n, t.trace_id::uuid, t.trace_id, false, false, true, {{template "candidate" .}}
FROM {{.rows}}
CROSS JOIN LATERAL (
    SELECT * FROM {{.schema}}.llm_spans
    WHERE response_id = r.response_id AND start_time BETWEEN r.earliest AND r.last AND end_time BETWEEN r.first AND r.last
        AND source IS DISTINCT FROM 'event' AND kind IN ('llm', 'embedding', 'reranker') LIMIT 100) s
CROSS JOIN LATERAL (SELECT * FROM {{.schema}}.llm_traces WHERE id = s.trace_id AND trace_id ~ '^[0-9a-f]{32}$' OFFSET 0) t
