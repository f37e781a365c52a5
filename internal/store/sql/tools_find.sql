-- Nested tool spans of one name, unless their call ids differ.
SELECT DISTINCT r.n, o.name, o.call, o.span_id, o.counted, o.covered
FROM {{.rows}}
JOIN {{.schema}}.llm_internal_nested_tools o ON o.trace_id = r.trace_id AND o.name = r.name AND (r.call = 0 OR o.call IN (0, r.call))
