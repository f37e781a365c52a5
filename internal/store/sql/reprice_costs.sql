-- Sums of traces that change with the estimates of their spans.
UPDATE {{.schema}}.llm_traces t SET ({{.set}}, updated_at) = ({{.set_values}}, now())
FROM {{.rows}} WHERE t.id = r.id
