-- Nested tool spans await a span no longer that has arrived.
UPDATE {{.schema}}.llm_internal_nested_tools o SET awaits = NULL
FROM {{.rows}}
WHERE o.trace_id = r.trace_id AND o.awaits = r.span_id AND o.awaits IS NOT NULL
