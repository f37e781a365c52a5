SELECT r.n, e.inner_span_id, e.outer_span_id, e.settled
FROM {{.rows}}
JOIN {{.schema}}.llm_side_by_side e ON e.trace_id = r.trace_id AND e.inner_span_id = r.span_id
