SELECT {{.schema}}.llm_create_day($1)
