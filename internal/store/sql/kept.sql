{{/* Shorter ones are of other programs: to read their parts would be an error. */}}{{define "keeps_keys"}}length(call_keys) >= 19{{end}}
{{define "kept_by"}}get_byte(e.call_keys, 0) & 1 > 0, get_byte(e.call_keys, 0) & 2 > 0{{end}}
{{define "kept_origin"}}encode(substring(e.call_keys FROM 2 FOR 16), 'hex')::uuid{{end}}
{{/* Of traces $1 the calls t, s that log records tell, and the records e with keys: those that came with the
    trace. The span id of such a call is the first half of the id of its record. */}}{{define "kept_calls"}}FROM {{.schema}}.llm_traces t
CROSS JOIN LATERAL (
    SELECT * FROM {{.schema}}.llm_spans
    WHERE trace_id = t.id AND start_time BETWEEN t.start_time AND t.end_time AND source = 'event'
        AND span_id ~ '^[0-9a-f]{16}$' AND isfinite(end_time) OFFSET 0) s
CROSS JOIN LATERAL (
    SELECT * FROM {{.schema}}.llm_events
    WHERE day = (s.end_time AT TIME ZONE 'UTC')::date AND id BETWEEN (s.span_id || repeat('0', 16))::uuid AND (s.span_id || repeat('f', 16))::uuid
        AND {{template "keeps_keys"}} AND replace(trace_id::text, '-', '') = t.trace_id OFFSET 0) e{{end}}
