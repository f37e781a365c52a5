-- Stored calls of a session that end within a time, and sums of calls: of traces of which a span names the session.
SELECT r.n, t.trace_id::uuid, t.trace_id, false, false, s.response_id IS NOT NULL OR s.tool_call_id IS NOT NULL, {{template "candidate" .}}
FROM {{.rows}}
CROSS JOIN LATERAL (
    SELECT DISTINCT trace_id FROM {{.schema}}.llm_spans
    WHERE session_id = r.session_id AND start_time BETWEEN r.earliest AND r.last AND source IS DISTINCT FROM 'event') o
CROSS JOIN LATERAL (SELECT * FROM {{.schema}}.llm_traces WHERE id = o.trace_id AND trace_id ~ '^[0-9a-f]{32}$' OFFSET 0) t
CROSS JOIN LATERAL (
    SELECT * FROM {{.schema}}.llm_spans
    WHERE trace_id = t.id AND start_time BETWEEN r.earliest AND r.last AND end_time >= r.first AND source IS DISTINCT FROM 'event'
        AND (kind IN ('llm', 'embedding', 'reranker', 'tool') AND end_time <= r.last OR kind IN ('agent', 'chain') AND aggregate_usage IS NOT NULL) OFFSET 0) s
WHERE coalesce(s.session_id, t.session_id) = r.session_id
