-- Nested tool spans that await spans.
SELECT r.n, o.name, o.call, o.span_id, o.counted, o.covered, o.awaits
FROM {{.rows}}
JOIN {{.schema}}.llm_internal_nested_tools o ON o.trace_id = r.trace_id AND o.awaits = r.span_id AND o.awaits IS NOT NULL
