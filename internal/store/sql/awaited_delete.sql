DELETE FROM {{.schema}}.llm_internal_awaited_spans a
USING {{.rows}}
WHERE a.trace_id = r.trace_id AND a.span_id = r.span_id
