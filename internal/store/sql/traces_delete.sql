-- Rows that a batch created for traces of which nothing has arrived, only so that batches
-- that create them wait.
DELETE FROM {{.schema}}.llm_traces WHERE trace_id = ANY ($1)
