-- Waits for batches that are storing the same contents, and returns what it stored.
INSERT INTO {{.schema}}.llm_contents ({{.columns}})
SELECT {{.values}} FROM {{.rows}} ON CONFLICT DO NOTHING
RETURNING id, day - DATE '1970-01-01'
