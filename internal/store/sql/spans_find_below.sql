-- Stored spans below others, some levels of them, as far as calls of models are there: by the
-- index llm_spans_below, which BETWEEN makes the planner prefer to the primary key, whatever it
-- takes the times for. Of a span with very many observations the first are enough. They start
-- between $5 and $6, see spans_update.sql. No trace of a program comes near the LIMIT; one that was
-- made to has calls that are further below counted as if nobody above reported their cost.
WITH RECURSIVE r AS (SELECT * FROM {{.rows}}), down AS (
    SELECT n, trace_id, span_id COLLATE "C" AS span_id, above AS levels, false AS is_below FROM r
  UNION
    SELECT down.n, down.trace_id, s.span_id, down.levels - 1, true
    FROM down
    CROSS JOIN LATERAL (
        SELECT span_id FROM {{.schema}}.llm_spans
        WHERE trace_id = down.trace_id AND parent_span_id COLLATE "C" BETWEEN down.span_id AND down.span_id AND start_time BETWEEN $5 AND $6
            AND (kind IN ('llm', 'embedding', 'reranker') OR below <> 0) OFFSET 0) s
    WHERE down.levels > 0
)
SELECT {{template "stored_span" .}}
FROM (SELECT DISTINCT n, trace_id, span_id FROM (SELECT * FROM down LIMIT 262144) down WHERE is_below) r
CROSS JOIN LATERAL (
    SELECT * FROM {{.schema}}.llm_spans
    WHERE trace_id = r.trace_id AND span_id = r.span_id AND start_time BETWEEN $5 AND $6
    ORDER BY start_time LIMIT 32) s
