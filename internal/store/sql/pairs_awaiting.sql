-- Pairs that await spans.
SELECT r.n, p.inner_span_id, p.outer_span_id, p.awaits
FROM {{.rows}}
JOIN {{.schema}}.llm_internal_pairs p ON p.trace_id = r.trace_id AND p.awaits = r.span_id AND p.awaits IS NOT NULL
