-- Stored observations, by primary key.
SELECT {{template "stored_span" .}}, {{template "span_pairs" .}}
FROM {{.rows}}
CROSS JOIN LATERAL (
    SELECT * FROM {{.schema}}.llm_spans
    WHERE trace_id = r.trace_id AND span_id = r.span_id AND start_time = r.start_time AND start_time BETWEEN $6 AND $7 OFFSET 0) s
