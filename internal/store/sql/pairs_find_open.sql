SELECT r.n, e.inner_span_id, e.outer_span_id, e.settled
FROM unnest($1, $2) AS r (n, trace_id)
JOIN {{.schema}}.llm_side_by_side e ON e.trace_id = r.trace_id AND NOT e.settled
