INSERT INTO {{.schema}}.llm_events ({{.columns}})
SELECT {{.values}} FROM {{.rows}} ON CONFLICT DO NOTHING
RETURNING id
