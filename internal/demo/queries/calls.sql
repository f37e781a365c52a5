SELECT service_name AS service, kind, provider, coalesce(response_model, request_model) AS model,
    input_tokens::text AS input, output_tokens::text AS output, trim_scale(total_cost)::text AS usd, round(ttft_ms)::text AS ttft_ms,
    coalesce(error_type, array_to_string(finish_reasons, ',')) AS finish,
    left(coalesce(output_messages #>> '{-1,parts,-1,content}', output_messages #>> '{-1,parts,-1,name}' || '()'), 40) AS answer
FROM llm_calls
ORDER BY start_time
