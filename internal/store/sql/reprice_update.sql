-- Estimates of stored spans, found where they were read: only who has locked their trace
-- changes them.
UPDATE {{.schema}}.llm_spans s SET estimated_cost = r.estimated_cost
FROM {{.rows}}
WHERE s.ctid = r.ctid::tid AND s.tableoid = r.tableoid AND s.start_time BETWEEN $4 AND $5
