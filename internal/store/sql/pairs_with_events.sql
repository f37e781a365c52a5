-- The pairs with events of which spans are the inner ones.
SELECT r.n, p.inner_span_id, p.outer_span_id, p.effects
FROM {{.rows}}
JOIN {{.schema}}.llm_internal_pairs p ON p.trace_id = r.trace_id AND p.inner_span_id = r.span_id AND p.effects IS NOT NULL
