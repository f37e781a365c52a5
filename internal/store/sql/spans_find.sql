-- Stored spans by their ids, with some levels of their ancestors, by primary key. Of a
-- span with very many observations the first are enough. They start between $5 and $6,
-- see spans_update.sql. The recursion comes to an ancestor once for each number of levels that
-- lie between; PostgreSQL ends it with the last row of the LIMIT. The ids themselves come first,
-- and what is missing above is asked for again.
WITH RECURSIVE r AS (SELECT * FROM {{.rows}}), up AS (
    SELECT n, trace_id, span_id, above FROM r
  UNION
    SELECT up.n, up.trace_id, s.parent_span_id, up.above - 1
    FROM up
    CROSS JOIN LATERAL (
        SELECT parent_span_id FROM {{.schema}}.llm_spans
        WHERE trace_id = up.trace_id AND span_id = up.span_id AND start_time BETWEEN $5 AND $6
        ORDER BY start_time LIMIT 32) s
    WHERE up.above > 0 AND s.parent_span_id IS NOT NULL
)
SELECT {{template "stored_span" .}}
FROM (SELECT DISTINCT n, trace_id, span_id FROM (SELECT * FROM up LIMIT 32768 + (SELECT count(*) FROM r)) up) r
CROSS JOIN LATERAL (
    SELECT * FROM {{.schema}}.llm_spans
    WHERE trace_id = r.trace_id AND span_id = r.span_id AND start_time BETWEEN $5 AND $6
    ORDER BY start_time LIMIT 32) s
