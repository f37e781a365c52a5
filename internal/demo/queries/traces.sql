SELECT to_char(start_time AT TIME ZONE 'UTC', 'HH24:MI:SS') AS started, name, service_name AS service, user_id AS "user",
    session_id AS session, span_count::text AS spans, llm_call_count::text AS calls, tool_call_count::text AS tools,
    error_count::text AS errors, total_tokens::text AS tokens, trim_scale(nullif(total_cost, 0))::text AS usd,
    round(duration_us / 1000)::text AS ms
FROM llm_traces
ORDER BY start_time
