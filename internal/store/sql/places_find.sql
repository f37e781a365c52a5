SELECT r.n, p.trace_id, p.settled
FROM {{.rows}}
JOIN {{.schema}}.llm_internal_event_places p ON p.origin = r.origin AND p.span_id = r.span_id
