INSERT INTO {{.schema}}.llm_side_by_side ({{.columns}})
SELECT {{.values}} FROM {{.rows}} ON CONFLICT DO NOTHING
