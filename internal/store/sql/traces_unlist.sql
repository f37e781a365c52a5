-- Traces of turns whose calls have all moved to the traces of their spans.
DELETE FROM {{.schema}}.llm_traces WHERE id = ANY ($1)
