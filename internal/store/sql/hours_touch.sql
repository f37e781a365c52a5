-- Which hours llm_fold_usage has to sum up again.
INSERT INTO {{.schema}}.llm_usage_hours ({{.columns}})
SELECT {{.values}} FROM {{.rows}} ON CONFLICT DO NOTHING
