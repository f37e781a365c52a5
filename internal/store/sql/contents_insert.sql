INSERT INTO {{.schema}}.llm_contents ({{.columns}})
SELECT {{.values}} FROM {{.rows}} ON CONFLICT DO NOTHING
