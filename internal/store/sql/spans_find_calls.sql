-- Stored calls of a trace under any of some keys that overlap a time, with their other
-- observations.
WITH c AS MATERIALIZED (
    SELECT span_id, start_time, count(*) OVER (PARTITION BY span_id) AS observations FROM {{.schema}}.llm_internal_call_keys
    WHERE trace_id = $2 AND start_time <= $4 AND end_time >= $3 AND keys && $5
), k AS (SELECT DISTINCT span_id FROM c)
SELECT {{template "stored_span" .}}, {{template "span_pairs" .}}
FROM (SELECT $1::int AS n, true AS paired) r
CROSS JOIN k
CROSS JOIN LATERAL (
    SELECT * FROM {{.schema}}.llm_spans
    WHERE trace_id = $2 AND span_id = k.span_id AND start_time BETWEEN $6 AND $7 ORDER BY start_time LIMIT 32) s
UNION ALL
SELECT {{template "stored_span" .}}, {{template "span_pairs" .}}
FROM (SELECT $1::int AS n, true AS paired) r
CROSS JOIN (SELECT span_id, start_time FROM c WHERE observations > 31) c
CROSS JOIN LATERAL (
    SELECT * FROM {{.schema}}.llm_spans
    WHERE trace_id = $2 AND span_id = c.span_id AND start_time = c.start_time AND start_time BETWEEN $6 AND $7 OFFSET 0) s
