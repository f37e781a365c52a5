INSERT INTO {{.schema}}.llm_internal_pairings (seq, events, spans) VALUES ($1, $2, $3)
