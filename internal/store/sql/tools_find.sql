-- Nested tool spans of one name that no other covers and that await no span, unless their call
-- ids differ: each part by the index llm_internal_nested_tools_open.
SELECT DISTINCT r.n, o.name, o.call, o.span_id, o.counted, o.covered, o.awaits
FROM {{.rows}}
CROSS JOIN LATERAL (
    SELECT * FROM {{.schema}}.llm_internal_nested_tools WHERE trace_id = r.trace_id AND name = r.name AND r.call = 0 AND NOT covered AND awaits IS NULL
    UNION ALL
    SELECT * FROM {{.schema}}.llm_internal_nested_tools WHERE trace_id = r.trace_id AND name = r.name AND call = 0 AND r.call <> 0 AND NOT covered AND awaits IS NULL
    UNION ALL
    SELECT * FROM {{.schema}}.llm_internal_nested_tools WHERE trace_id = r.trace_id AND name = r.name AND call = r.call AND r.call <> 0 AND NOT covered AND awaits IS NULL) o
