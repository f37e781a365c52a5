-- Estimates of stored spans, found by primary key, see spans_update.sql.
UPDATE {{.schema}}.llm_spans s SET estimated_cost = r.estimated_cost
FROM {{.rows}}
CROSS JOIN LATERAL (
    SELECT k.tableoid, k.ctid FROM {{.schema}}.llm_spans k
    WHERE k.trace_id = r.trace_id AND k.span_id = r.span_id AND k.start_time = r.start_time
        AND k.start_time BETWEEN $5 AND $6 OFFSET 0) k
WHERE s.ctid = k.ctid AND s.tableoid = k.tableoid AND s.start_time BETWEEN $5 AND $6
