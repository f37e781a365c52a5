{{/* Of a row with values that a trace of ours cannot have, provenance is not read: the trace
    is then counted anew. */}}{{define "trace_row"}}id, trace_id, root_span_id, name, service_name, environment, release, user_id, session_id,
    {{template "micros" "start_time"}}, {{template "micros" "end_time"}}, status,
    span_count, llm_call_count, tool_call_count, error_count, input_tokens, output_tokens, total_tokens,
    CASE WHEN total_cost - total_cost = 0 THEN total_cost END,
    CASE WHEN estimated_cost - estimated_cost = 0 THEN estimated_cost END, coalesce(unpriced_calls, 0),
    to_jsonb(tags), to_jsonb(models), labels,
    CASE WHEN isfinite(start_time) AND isfinite(end_time) AND coalesce(total_cost - total_cost = 0, true)
            AND coalesce(estimated_cost - estimated_cost = 0, true)
        THEN encode(origins, 'hex') END{{end}}
