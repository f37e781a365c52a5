-- What tells the model of a call of traces $1 may still come. One that comes some time after the
-- call is looked for within three times that time.
UPDATE {{.schema}}.llm_internal_traces_to_price
SET due_at = now() + greatest(3 * (now() - listed_at), interval '30 seconds')
WHERE trace_id = ANY ($1)
