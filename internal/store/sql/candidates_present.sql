-- Under which keys calls are listed that end within a time; and of sessions of which none are, whether log records
-- from $6 to $7 keep the keys of calls. LIMIT has each looked up by index.
SELECT r.n, c.n IS NOT NULL
FROM {{.rows}}
LEFT JOIN LATERAL (
    SELECT r.n FROM {{.schema}}.llm_internal_call_candidates c WHERE c.key = r.key AND c.end_time BETWEEN r.first AND r.last LIMIT 1) c ON true
LEFT JOIN LATERAL (
    SELECT r.n FROM {{.schema}}.llm_events
    WHERE c.n IS NULL AND day >= ($6 AT TIME ZONE 'UTC')::date AND day <= ($7 AT TIME ZONE 'UTC')::date
        AND session_id = r.session_id AND time >= $6 AND time <= $7 AND {{template "keeps_keys"}} LIMIT 1) e ON true
WHERE c.n IS NOT NULL OR e.n IS NOT NULL
