SELECT {{template "stored_span"}}
FROM (SELECT $1::int AS n) r
JOIN {{.schema}}.llm_spans s ON s.trace_id = $2 AND s.start_time BETWEEN $3 AND $4
