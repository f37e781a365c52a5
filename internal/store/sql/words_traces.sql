-- Of which of the traces $1 log records have words. Where none has, that is one look instead of one a trace.
SELECT DISTINCT w.trace_id FROM {{.schema}}.llm_internal_words w
WHERE w.trace_id = ANY ($1) AND EXISTS (SELECT FROM {{.schema}}.llm_internal_words)
