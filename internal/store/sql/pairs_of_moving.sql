-- The pairs of events that are about to move.
SELECT r.n, p.inner_span_id, p.outer_span_id, p.effects
FROM {{.rows}}
LEFT JOIN {{.schema}}.llm_traces t ON t.trace_id = replace(r.trace_id::text, '-', '')
JOIN {{.schema}}.llm_internal_pairs p ON p.trace_id = coalesce(t.id, r.trace_id) AND p.effects IS NOT NULL AND r.span_id IN (p.inner_span_id, p.outer_span_id)
