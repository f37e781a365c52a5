CREATE OR REPLACE VIEW {{.schema}}.llm_usage WITH (security_invoker = true) AS
SELECT hour, service_name, environment, provider, model, kind, spans, calls, errors,
    input_tokens, output_tokens, total_tokens, cache_read_tokens, cache_creation_tokens, reasoning_tokens, total_cost,
    latency_us_sum, latency_us_max, latency_us_histogram, ttft_us_sum, ttft_us_max, ttft_us_histogram
FROM {{.schema}}.llm_usage_hourly f
WHERE f.dropped OR NOT EXISTS (SELECT FROM {{.schema}}.llm_usage_hours h WHERE h.hour = f.hour)
UNION ALL
SELECT h.hour, u.service_name, u.environment, u.provider, u.model, u.kind, u.spans, u.calls, u.errors,
    u.input_tokens, u.output_tokens, u.total_tokens, u.cache_read_tokens, u.cache_creation_tokens, u.reasoning_tokens, u.total_cost,
    u.latency_us_sum, u.latency_us_max, u.latency_us_histogram, u.ttft_us_sum, u.ttft_us_max, u.ttft_us_histogram
FROM (SELECT DISTINCT hour FROM {{.schema}}.llm_usage_hours) h
CROSS JOIN LATERAL {{.schema}}.llm_usage_of(h.hour) u;
