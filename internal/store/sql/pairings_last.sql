SELECT coalesce(max(seq), 0) FROM {{.schema}}.llm_internal_pairings
