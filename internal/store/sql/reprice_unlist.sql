-- Traces $1 whose last call without a model came a day ago.
DELETE FROM {{.schema}}.llm_internal_traces_to_price WHERE trace_id = ANY ($1) AND listed_at < now() - interval '1 day'
