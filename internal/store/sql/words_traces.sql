-- Of which of the traces $1 log records have words.
SELECT DISTINCT w.trace_id FROM {{.schema}}.llm_internal_words w WHERE w.trace_id = ANY ($1)
