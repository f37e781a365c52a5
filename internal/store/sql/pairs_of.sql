-- The pairs of which calls are the inner ones.
SELECT r.n, p.inner_span_id, p.outer_span_id, p.awaits
FROM {{.rows}}
JOIN {{.schema}}.llm_internal_pairs p ON p.trace_id = r.trace_id AND p.inner_span_id = r.span_id AND p.effects IS NULL
