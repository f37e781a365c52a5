-- Served by the unique index on trace_id; the order keeps batches from waiting in a circle.
SELECT {{template "trace_row"}}
FROM {{.schema}}.llm_traces
WHERE trace_id = ANY ($1)
ORDER BY trace_id
FOR UPDATE
