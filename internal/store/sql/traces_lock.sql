-- Served by the unique index on trace_id; the order keeps batches from waiting in a circle.
SELECT id, trace_id, root_span_id, name, service_name, environment, release, user_id, session_id,
    (extract(epoch FROM start_time) * 1000000)::bigint, (extract(epoch FROM end_time) * 1000000)::bigint, status,
    span_count, llm_call_count, tool_call_count, error_count, input_tokens, output_tokens, total_tokens, total_cost,
    to_jsonb(tags), to_jsonb(models), encode(origins, 'hex')
FROM {{.schema}}.llm_traces
WHERE trace_id = ANY ($1)
ORDER BY trace_id
FOR UPDATE
