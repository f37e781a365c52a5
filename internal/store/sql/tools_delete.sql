DELETE FROM {{.schema}}.llm_internal_nested_tools o
USING {{.rows}}
WHERE o.trace_id = r.trace_id AND o.name = r.name AND o.call = r.call AND o.span_id = r.span_id
