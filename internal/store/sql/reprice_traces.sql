-- Traces after trace $2 with spans on day $1, as many as $3 spans have.
SELECT DISTINCT d.trace_id FROM (
    SELECT trace_id FROM {{.schema}}.llm_spans
    WHERE start_time >= (date '1970-01-01' + $1)::timestamp AT TIME ZONE 'UTC'
        AND start_time < (date '1970-01-01' + $1 + 1)::timestamp AT TIME ZONE 'UTC' AND trace_id > $2
    ORDER BY trace_id LIMIT $3) d
ORDER BY d.trace_id
