INSERT INTO {{.schema}}.llm_internal_words ({{.columns}})
SELECT {{.values}} FROM {{.rows}} ON CONFLICT DO NOTHING
RETURNING id
