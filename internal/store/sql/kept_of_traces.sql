-- Calls of traces $1 that log records tell, with the keys that these keep.
SELECT 0, {{template "kept_origin"}}, t.trace_id, coalesce(p.settled, false), {{template "kept_by"}}, {{template "candidate" .}}, encode(e.call_keys, 'hex')
{{template "kept_calls" .}}
LEFT JOIN {{.schema}}.llm_internal_event_places p ON p.origin = {{template "kept_origin"}} AND p.span_id = s.span_id
WHERE t.trace_id = ANY ($1)
