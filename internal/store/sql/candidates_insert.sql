INSERT INTO {{.schema}}.llm_internal_call_candidates ({{.columns}})
SELECT {{.values}} FROM {{.rows}} ON CONFLICT DO NOTHING
