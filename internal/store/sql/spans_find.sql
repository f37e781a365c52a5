-- Stored spans by their ids, by primary key. They start between $4 and $5, see spans_update.sql.
SELECT {{template "stored_span"}}
FROM {{.rows}}
CROSS JOIN LATERAL (
    SELECT * FROM {{.schema}}.llm_spans
    WHERE trace_id = r.trace_id AND span_id = r.span_id AND start_time BETWEEN $4 AND $5 OFFSET 0) s
