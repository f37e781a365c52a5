SELECT service_name AS service, tool_name AS tool, tool_arguments::text AS arguments, tool_result::text AS result,
    round(duration_us / 1000)::text AS ms
FROM llm_tool_calls
ORDER BY start_time
