CREATE OR REPLACE VIEW {{.schema}}.llm_usage WITH (security_invoker = true) AS
SELECT hour, service_name, environment, labels, provider, model, kind, failed, spans, error_spans, calls, failed_calls, priced_calls,
    tool_calls, failed_tool_calls, errors,
    input_tokens, output_tokens, total_tokens, cache_read_tokens, cache_creation_tokens, reasoning_tokens, total_cost,
    latency_us_sum, latency_us_max, latency_us_histogram, ttft_us_sum, ttft_us_max, ttft_us_histogram, estimated_cost, unpriced_calls
FROM {{.schema}}.llm_usage_hourly f
WHERE f.dropped OR NOT EXISTS (SELECT FROM {{.schema}}.llm_usage_hours h WHERE h.hour = f.hour)
UNION ALL
SELECT h.hour, u.service_name, u.environment, u.labels, u.provider, u.model, u.kind, u.failed, u.spans, u.error_spans, u.calls, u.failed_calls, u.priced_calls,
    u.tool_calls, u.failed_tool_calls, u.errors,
    u.input_tokens, u.output_tokens, u.total_tokens, u.cache_read_tokens, u.cache_creation_tokens, u.reasoning_tokens, u.total_cost,
    u.latency_us_sum, u.latency_us_max, u.latency_us_histogram, u.ttft_us_sum, u.ttft_us_max, u.ttft_us_histogram, u.estimated_cost, u.unpriced_calls
FROM (SELECT DISTINCT hour FROM {{.schema}}.llm_usage_hours) h
CROSS JOIN LATERAL {{.schema}}.llm_usage_of(h.hour) u;

CREATE OR REPLACE VIEW {{.schema}}.llm_usage_daily WITH (security_invoker = true) AS
SELECT day, service_name, environment, user_id, labels, agent_name, prompt_name, prompt_version, provider, model, kind,
    sum(calls)::bigint AS calls, sum(failed_calls)::bigint AS failed_calls, sum(priced_calls)::bigint AS priced_calls,
    sum(tool_calls)::bigint AS tool_calls, sum(failed_tool_calls)::bigint AS failed_tool_calls, sum(errors)::bigint AS errors,
    {{.schema}}.llm_internal_bigint(sum(input_tokens)) AS input_tokens, {{.schema}}.llm_internal_bigint(sum(output_tokens)) AS output_tokens, {{.schema}}.llm_internal_bigint(sum(total_tokens)) AS total_tokens,
    {{.schema}}.llm_internal_bigint(sum(cache_read_tokens)) AS cache_read_tokens, {{.schema}}.llm_internal_bigint(sum(cache_creation_tokens)) AS cache_creation_tokens,
    {{.schema}}.llm_internal_bigint(sum(reasoning_tokens)) AS reasoning_tokens, sum(total_cost) AS total_cost,
    sum(latency_us_sum) AS latency_us_sum, max(latency_us_max) AS latency_us_max,
    sum(estimated_cost) AS estimated_cost, sum(unpriced_calls)::bigint AS unpriced_calls
FROM (
    SELECT (f.hour AT TIME ZONE 'UTC')::date AS day, f.service_name, f.environment, f.user_id, f.labels, f.agent_name, f.prompt_name, f.prompt_version,
        f.provider, f.model, f.kind, f.calls, f.tool_calls, f.failed_calls, f.failed_tool_calls, f.errors, f.priced_calls,
        f.input_tokens, f.output_tokens, f.total_tokens, f.cache_read_tokens, f.cache_creation_tokens, f.reasoning_tokens, f.total_cost,
        f.latency_us_sum, f.latency_us_max, f.estimated_cost, f.unpriced_calls
    FROM {{.schema}}.llm_internal_usage_parts f
    WHERE f.dropped OR NOT EXISTS (SELECT FROM {{.schema}}.llm_usage_hours h WHERE h.hour = f.hour)
    UNION ALL
    SELECT (h.hour AT TIME ZONE 'UTC')::date, u.service_name, u.environment, u.user_id, u.labels, u.agent_name, u.prompt_name, u.prompt_version,
        u.provider, u.model, u.kind, u.calls, u.tool_calls, u.failed_calls, u.failed_tool_calls, u.errors, u.priced_calls,
        u.input_tokens, u.output_tokens, u.total_tokens, u.cache_read_tokens, u.cache_creation_tokens, u.reasoning_tokens, u.total_cost,
        u.latency_us_sum, u.latency_us_max, u.estimated_cost, u.unpriced_calls
    FROM (SELECT DISTINCT hour FROM {{.schema}}.llm_usage_hours) h
    CROSS JOIN LATERAL {{.schema}}.llm_internal_usage_parts_of(h.hour) u) p
GROUP BY day, service_name, environment, user_id, labels, agent_name, prompt_name, prompt_version, provider, model, kind;
