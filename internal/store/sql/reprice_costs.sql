-- Sums of traces that change with the estimates of their spans. updated_at is left to batches: who looks for traces
-- that these have changed meanwhile would find all.
UPDATE {{.schema}}.llm_traces t SET ({{.set}}) = ({{.set_values}})
FROM {{.rows}} WHERE t.id = r.id
