DELETE FROM {{.schema}}.llm_side_by_side WHERE trace_id = $1
