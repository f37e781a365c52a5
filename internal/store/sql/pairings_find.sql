-- The claims of the batches that have committed since.
SELECT seq, events, spans FROM {{.schema}}.llm_internal_pairings WHERE seq > $1 ORDER BY seq
