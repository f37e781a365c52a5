-- The stored prompts under some keys.
SELECT r.n, c.span_id, {{template "micros" "c.start_time"}}
FROM {{.rows}}
JOIN {{.schema}}.llm_internal_call_candidates c ON c.key = r.key
