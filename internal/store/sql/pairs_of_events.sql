SELECT $1::int, inner_span_id, outer_span_id, effects FROM {{.schema}}.llm_internal_pairs WHERE trace_id = $2 AND effects IS NOT NULL
