-- Spans of traces that events may observe and that are not found by a name or the id of a response: of
-- all of $1 those that report the usage of calls around them, failed calls, and tools with an id; of $2
-- all calls that end in a time.
SELECT 0, replace(t.trace_id, '-', '')::uuid, t.trace_id, false, false, s.response_id IS NOT NULL OR s.tool_call_id IS NOT NULL, {{template "candidate" .}}
FROM {{.schema}}.llm_traces t
CROSS JOIN LATERAL (
    SELECT * FROM {{.schema}}.llm_spans
    WHERE trace_id = t.id AND start_time BETWEEN t.start_time AND t.end_time AND source IS DISTINCT FROM 'event'
        AND (t.trace_id = ANY ($1)
                AND (kind IN ('agent', 'chain') AND aggregate_usage IS NOT NULL
                    OR kind IN ('llm', 'embedding', 'reranker') AND (status = 'error' OR error_type IS NOT NULL)
                    OR kind = 'tool' AND tool_call_id IS NOT NULL)
            OR t.trace_id = ANY ($2) AND kind IN ('llm', 'embedding', 'reranker', 'tool') AND end_time BETWEEN $3 AND $4) OFFSET 0) s
WHERE t.trace_id = ANY ($1 || $2)
