INSERT INTO {{.schema}}.llm_internal_pairs ({{.columns}})
SELECT DISTINCT ON (r.trace_id, r.inner_span_id, r.outer_span_id) {{.values}} FROM {{.rows}}
ON CONFLICT (trace_id, inner_span_id, outer_span_id) DO UPDATE SET effects = EXCLUDED.effects
