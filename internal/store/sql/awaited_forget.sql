DELETE FROM {{.schema}}.llm_awaited_spans WHERE trace_id = $1
