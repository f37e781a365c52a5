INSERT INTO {{.schema}}.llm_scores ({{.columns}})
SELECT {{.values}} FROM {{.rows}} ON CONFLICT DO NOTHING
RETURNING id
