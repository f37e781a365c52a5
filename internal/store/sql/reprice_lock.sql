-- Those of traces $1 that batches have changed since $2. All are of one day, whose index of spans has the ids of rows;
-- the order is that of traces_lock.sql.
SELECT {{template "trace_row"}}
FROM {{.schema}}.llm_traces
WHERE id = ANY ($1) AND updated_at >= $2
ORDER BY trace_id
FOR UPDATE
