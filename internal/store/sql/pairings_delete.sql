DELETE FROM {{.schema}}.llm_internal_pairings WHERE seq <= $1
