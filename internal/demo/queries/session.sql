SELECT to_char(t.start_time AT TIME ZONE 'UTC', 'HH24:MI:SS.MS') AS at, t.role, t.content
FROM (SELECT DISTINCT session_id FROM llm_calls WHERE service_name = 'claude-code') s
CROSS JOIN LATERAL llm_transcript(s.session_id) t
ORDER BY t.position
