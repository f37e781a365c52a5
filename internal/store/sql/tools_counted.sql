-- One nested tool span of a name that counts, unless the call ids differ: each part by primary
-- key.
SELECT DISTINCT r.n, o.name, o.call, o.span_id, o.counted, o.covered, o.awaits
FROM {{.rows}}
CROSS JOIN LATERAL (
    (SELECT * FROM {{.schema}}.llm_internal_nested_tools WHERE trace_id = r.trace_id AND name = r.name AND r.call = 0 AND counted LIMIT 1)
    UNION ALL
    (SELECT * FROM {{.schema}}.llm_internal_nested_tools WHERE trace_id = r.trace_id AND name = r.name AND call = 0 AND r.call <> 0 AND counted LIMIT 1)
    UNION ALL
    (SELECT * FROM {{.schema}}.llm_internal_nested_tools WHERE trace_id = r.trace_id AND name = r.name AND call = r.call AND r.call <> 0 AND counted LIMIT 1)) o
