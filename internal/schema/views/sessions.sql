CREATE OR REPLACE VIEW {{.schema}}.llm_sessions WITH (security_invoker = true) AS
SELECT session_id, max(user_id) AS user_id, count(*) AS trace_count,
    sum(llm_call_count) AS llm_call_count, sum(tool_call_count) AS tool_call_count, sum(error_count) AS error_count,
    sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens, sum(total_tokens) AS total_tokens,
    sum(total_cost) AS total_cost, min(start_time) AS first_seen, max(end_time) AS last_seen
FROM {{.schema}}.llm_traces
WHERE session_id IS NOT NULL
GROUP BY session_id;
