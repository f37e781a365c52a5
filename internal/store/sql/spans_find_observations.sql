-- All observations of stored spans, by primary key.
SELECT {{template "stored_span" .}}
FROM {{.rows}}
CROSS JOIN LATERAL (
    SELECT * FROM {{.schema}}.llm_spans
    WHERE trace_id = r.trace_id AND span_id = r.span_id AND start_time BETWEEN $5 AND $6 OFFSET 0) s
