SELECT r.n, a.span_id, a.below
FROM {{.rows}}
JOIN {{.schema}}.llm_internal_awaited_spans a ON a.trace_id = r.trace_id AND a.span_id = r.span_id
