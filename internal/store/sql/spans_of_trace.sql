-- All spans of a trace, with what the trace's row takes from them.
SELECT {{template "stored_span" .}},
    s.name, s.service_name, s.environment, s.release, s.user_id, s.session_id, to_jsonb(s.tags), s.labels
FROM (SELECT $1::int AS n) r
JOIN {{.schema}}.llm_spans s ON s.trace_id = $2
