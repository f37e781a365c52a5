-- Flags of stored spans, found by primary key. Every stored span of the batch's traces
-- starts between $9 and $10, so that no other partition is opened.
UPDATE {{.schema}}.llm_spans s SET below = r.below, counted = r.counted, usage_counted = r.usage_counted, cost_counted = r.cost_counted,
    estimate_counted = r.estimate_counted
FROM {{.rows}}
CROSS JOIN LATERAL (
    SELECT k.tableoid, k.ctid FROM {{.schema}}.llm_spans k
    WHERE k.trace_id = r.trace_id AND k.span_id = r.span_id AND k.start_time = r.start_time
        AND k.start_time BETWEEN $9 AND $10 OFFSET 0) k
WHERE s.ctid = k.ctid AND s.tableoid = k.tableoid AND s.start_time BETWEEN $9 AND $10
