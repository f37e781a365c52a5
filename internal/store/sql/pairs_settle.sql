UPDATE {{.schema}}.llm_side_by_side e SET settled = r.settled
FROM {{.rows}}
WHERE e.trace_id = r.trace_id AND e.inner_span_id = r.inner_span_id AND e.outer_span_id = r.outer_span_id
