-- Under which keys calls are listed that end within a time, and whether log records from $6 to $7 may keep the keys of
-- calls of a session. Where none are listed, one such record is looked for; where some are listed on a day, no record of
-- that day keeps any that are not. LIMIT has each looked up by index.
SELECT r.n, c.n IS NOT NULL, c.n IS NULL OR NOT (c.day = ($6 AT TIME ZONE 'UTC')::date AND c.day = ($7 AT TIME ZONE 'UTC')::date)
FROM {{.rows}}
LEFT JOIN LATERAL (
    SELECT r.n, (c.end_time AT TIME ZONE 'UTC')::date AS day FROM {{.schema}}.llm_internal_call_candidates c
    WHERE c.key = r.key AND c.end_time BETWEEN r.first AND r.last ORDER BY c.end_time DESC LIMIT 1) c ON true
LEFT JOIN LATERAL (
    SELECT r.n FROM {{.schema}}.llm_events
    WHERE c.n IS NULL AND day >= ($6 AT TIME ZONE 'UTC')::date AND day <= ($7 AT TIME ZONE 'UTC')::date
        AND session_id = r.session_id AND time >= $6 AND time <= $7 AND {{template "keeps_keys"}} LIMIT 1) e ON true
WHERE c.n IS NOT NULL OR e.n IS NOT NULL
