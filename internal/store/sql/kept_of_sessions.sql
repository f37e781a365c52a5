-- Calls of sessions on days that log records tell, with the keys that these keep, where nothing of
-- the session is listed in that time; where nothing is listed at all, nobody has to look.
SELECT r.n, {{template "kept_origin"}}, t.trace_id, coalesce(p.settled, false), {{template "kept_by"}}, {{template "candidate" .}}, encode(e.call_keys, 'hex')
FROM {{.rows}}
CROSS JOIN LATERAL (
    SELECT * FROM {{.schema}}.llm_events
    WHERE day >= r.first_day AND day <= r.last_day AND session_id = r.session_id AND time >= r.first AND time <= r.last AND {{template "keeps_keys"}}
        AND (r.absent OR NOT EXISTS (SELECT FROM {{.schema}}.llm_internal_call_candidates c
            WHERE c.key = r.key AND c.end_time >= r.first AND c.end_time <= r.last)) OFFSET 0) e
JOIN {{.schema}}.llm_traces t ON t.trace_id = replace(e.belongs_to::text, '-', '')
CROSS JOIN LATERAL (
    SELECT * FROM {{.schema}}.llm_spans
    WHERE trace_id = t.id AND span_id = left(replace(e.id::text, '-', ''), 16) AND start_time BETWEEN t.start_time AND t.end_time
        AND source = 'event' AND end_time = e.time OFFSET 0) s
LEFT JOIN {{.schema}}.llm_internal_event_places p ON p.origin = {{template "kept_origin"}} AND p.span_id = s.span_id
