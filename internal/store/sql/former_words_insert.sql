INSERT INTO {{.schema}}.llm_internal_former_words ({{.columns}})
SELECT {{.values}} FROM {{.rows}} ON CONFLICT DO NOTHING
