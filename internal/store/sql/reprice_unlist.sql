-- Of traces $1, whose rows are locked: those that are gone, or whose last call without a model came a day ago.
DELETE FROM {{.schema}}.llm_internal_traces_to_price l
WHERE l.trace_id = ANY ($1) AND (l.listed_at < now() - interval '1 day' OR NOT EXISTS (SELECT FROM {{.schema}}.llm_traces t WHERE t.id = l.trace_id))
