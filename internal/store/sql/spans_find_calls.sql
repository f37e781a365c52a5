-- Stored calls of a trace under any of some keys that overlap a time, with their other
-- observations.
WITH c AS MATERIALIZED (
    SELECT DISTINCT span_id, start_time FROM {{.schema}}.llm_internal_call_keys
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
CROSS JOIN c
CROSS JOIN LATERAL (
    SELECT * FROM {{.schema}}.llm_spans
    WHERE trace_id = $2 AND span_id = c.span_id AND start_time = c.start_time AND start_time BETWEEN $6 AND $7
        AND (SELECT count(*) FROM (SELECT FROM c d WHERE d.span_id = c.span_id LIMIT 32) many) > 31 OFFSET 0) s
