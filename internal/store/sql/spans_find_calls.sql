-- Stored spans that may be observations of the same calls, by llm_spans_response and
-- llm_spans_call_tokens.
WITH r AS (SELECT * FROM {{.rows}})
SELECT {{template "stored_span"}}
FROM r
CROSS JOIN LATERAL (
    SELECT * FROM {{.schema}}.llm_spans
    WHERE response_id = r.response_id AND trace_id = r.trace_id AND kind = r.kind
        AND coalesce(scope_name, '') <> r.scope_name AND start_time BETWEEN $8 AND $9 OFFSET 0) s
WHERE r.response_id IS NOT NULL
UNION
SELECT {{template "stored_span"}}
FROM r
CROSS JOIN LATERAL (
    SELECT * FROM {{.schema}}.llm_spans
    WHERE trace_id = r.trace_id AND input_tokens = r.input_tokens AND output_tokens = r.output_tokens
        AND kind IN ('llm', 'embedding', 'reranker') AND kind = r.kind
        AND coalesce(scope_name, '') <> r.scope_name AND start_time BETWEEN $8 AND $9 OFFSET 0) s
WHERE r.response_id IS NULL
