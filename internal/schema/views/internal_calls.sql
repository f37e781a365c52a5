-- What llm_calls, llm_call_facts, llm_messages, llm_sessions and the sums of usage are
-- made of: a row per counted call of a model, and one per span of an agent whose usage
-- nobody below it tells.
CREATE OR REPLACE VIEW {{.schema}}.llm_internal_calls WITH (security_invoker = true) AS
SELECT s.trace_id, t.trace_id AS trace_hex, s.span_id, s.parent_span_id, s.name, s.span_kind,
    CASE WHEN k.is_agent THEN 'agent' ELSE s.kind END AS kind, k.is_call, k.is_call AND s.error_type IS NOT NULL AS failed, s.operation,
    s.service_name, s.scope_name, s.scope_version, s.start_time, s.end_time, s.duration_us,
    s.status, s.status_message,
    {{.error}},
    coalesce({{.own_or_told provider}}, CASE WHEN m.is_unnamed THEN {{.of_model provider}} END) AS provider,
    {{.schema}}.llm_model_name(CASE WHEN m.is_unnamed
        THEN (SELECT coalesce(o.response_model, o.request_model) FROM {{.told_model}} o)
        ELSE coalesce(s.response_model, s.request_model) END) AS model,
    CASE WHEN m.is_unnamed THEN {{.of_model request_model}} ELSE s.request_model END AS request_model,
    CASE WHEN m.is_unnamed THEN {{.of_model response_model}} ELSE s.response_model END AS response_model,
    CASE WHEN s.response_id IS NULL AND k.told_again
         THEN (SELECT o.response_id FROM {{.schema}}.llm_internal_observations(s.trace_id, s.span_id, t.start_time, t.end_time) WITH ORDINALITY o
               WHERE o.response_id IS NOT NULL AND {{.has_answer}} ORDER BY o.ordinality LIMIT 1)
         ELSE s.response_id END AS response_id,
    CASE WHEN s.finish_reasons IS NOT NULL OR k.told_again IS NOT TRUE THEN s.finish_reasons
         WHEN s.output_message_ids IS NULL THEN {{.told_answer finish_reasons}}
         ELSE (SELECT o.finish_reasons FROM {{.schema}}.llm_internal_observations(s.trace_id, s.span_id, t.start_time, t.end_time) WITH ORDINALITY o
               WHERE cardinality(o.finish_reasons) = cardinality(s.output_message_ids) AND {{.has_answer}} ORDER BY o.ordinality LIMIT 1)
         END AS finish_reasons,
    s.request_parameters, s.streaming, s.ttft_ms,
    {{.usage input_tokens}},
    {{.usage output_tokens}},
    {{.usage total_tokens}},
    {{.usage cache_read_tokens}},
    {{.usage cache_creation_tokens}},
    {{.usage cache_write_1h_tokens}},
    {{.usage reasoning_tokens}},
    {{.usage input_audio_tokens}},
    {{.usage output_audio_tokens}},
    {{.usage input_image_tokens}},
    {{.usage output_image_tokens}},
    {{.usage web_search_requests}},
    coalesce(CASE WHEN k.cost_counted THEN s.input_cost END, u.input_cost, {{.schema}}.llm_internal_number(a.costs -> 'input_cost')) AS input_cost,
    coalesce(CASE WHEN k.cost_counted THEN s.output_cost END, u.output_cost, {{.schema}}.llm_internal_number(a.costs -> 'output_cost')) AS output_cost,
    coalesce(c.reported + c.estimate, c.reported, c.estimate) AS total_cost,
    CASE WHEN c.reported IS NOT NULL THEN 'reported' WHEN c.estimate IS NOT NULL THEN 'estimated' END AS cost_source,
    s.aggregate_usage, s.counted, s.usage_counted, k.cost_counted,
    coalesce(s.user_id, t.user_id) AS user_id, coalesce(s.session_id, t.session_id) AS session_id,
    coalesce(s.environment, t.environment) AS environment, coalesce(s.release, t.release) AS release,
    coalesce(s.tags, nullif(t.tags, '{}')) AS tags, coalesce(t.labels || s.labels, s.labels, t.labels) AS labels,
    s.prompt_name, s.prompt_version,
    coalesce(s.agent_name, CASE WHEN t.span_count > 1
        THEN {{.schema}}.llm_internal_agent(s.trace_id, s.span_id, s.parent_span_id, t.span_count, t.start_time, t.end_time) END) AS agent_name,
    s.agent_id, s.tool_name, s.tool_call_id, s.embedding_dimensions, s.service_tier, {{.as_stored s}},
    d.day,
    {{.day_of input_message_ids}} AS input_day,
    CASE WHEN s.output_message_ids IS NULL AND k.told_again THEN ({{.told_answer start_time}} AT TIME ZONE 'UTC')::date ELSE d.day END AS output_day,
    {{.day_of system_instructions_id}} AS instructions_day,
    {{.day_of tool_definitions_id}} AS definitions_day,
    {{.own_or_told input_message_ids}} AS input_message_ids,
    {{.own_or_told_answer}} AS output_message_ids,
    {{.own_or_told system_instructions_id}} AS system_instructions_id,
    {{.own_or_told tool_definitions_id}} AS tool_definitions_id,
    s.tool_arguments_id, s.tool_result_id, s.retrieval_query_id, s.document_ids,
    s.resource_id, s.attributes, s.events, s.links, s.trace_state, s.flags,
    s.dropped_attributes_count, s.dropped_events_count, s.dropped_links_count, s.adjustments,
    coalesce(CASE WHEN s.usage_counted THEN s.estimated_cost END, u.estimated_cost) AS estimated_cost,
    (s.estimate_counted IS TRUE AND s.estimated_cost IS NULL)::integer + coalesce(u.unpriced_calls, 0) AS unpriced_calls,
    s.session_id AS own_session_id, t.session_id AS trace_session_id,
    s.agent_name AS own_agent_name, t.span_count AS trace_spans, t.start_time AS trace_start, t.end_time AS trace_end
FROM {{.schema}}.llm_spans s
LEFT JOIN {{.schema}}.llm_traces t ON t.id = s.trace_id
CROSS JOIN LATERAL (SELECT (s.start_time AT TIME ZONE 'UTC')::date AS day) d
CROSS JOIN LATERAL (SELECT coalesce(s.response_model, s.request_model) IS NULL AND s.counted AND t.span_count > 1 AS is_unnamed) m
CROSS JOIN LATERAL (SELECT s.kind IN ('agent', 'chain') AS is_agent, s.counted IS TRUE AS is_call, s.counted AND t.span_count > 1
        AND {{.may_be_told_again}} AS told_again,
    coalesce(s.cost_counted, s.usage_counted) AS cost_counted) k
CROSS JOIN LATERAL (SELECT CASE WHEN k.is_agent AND s.usage_counted THEN s.aggregate_usage END AS usage,
    CASE WHEN k.is_agent AND k.cost_counted THEN s.aggregate_usage END AS costs) a
-- A strict function is not called for a null.
LEFT JOIN LATERAL {{.schema}}.llm_internal_usage_around(
    CASE WHEN ((coalesce(s.input_tokens, s.output_tokens, s.total_tokens) IS NULL OR s.usage_counted IS NOT TRUE)
            AND (greatest(t.total_tokens, t.input_tokens, t.output_tokens) > 0 OR t.estimated_cost IS NOT NULL OR t.unpriced_calls > 0)
        OR s.total_cost IS NULL AND s.estimate_counted IS NOT TRUE AND t.total_cost IS NOT NULL) AND s.counted AND t.span_count > 1 THEN s.trace_id END,
    s.span_id, s.start_time, s.kind, coalesce(s.parent_span_id, ''), t.span_count, t.start_time, t.end_time) u ON true
CROSS JOIN LATERAL (SELECT coalesce(CASE WHEN k.cost_counted THEN s.total_cost END, u.total_cost, {{.schema}}.llm_internal_number(a.costs -> 'total_cost')) AS reported,
    coalesce(CASE WHEN s.estimate_counted THEN s.estimated_cost END, u.counted_estimate) AS estimate) c
WHERE s.kind IN ('llm', 'embedding', 'reranker') AND (s.counted
        OR (s.usage_counted AND coalesce(s.input_tokens, s.output_tokens, s.total_tokens) IS NOT NULL
            OR coalesce(s.cost_counted, s.usage_counted) AND s.total_cost IS NOT NULL)
           AND NOT {{.schema}}.llm_internal_has_usage_call(s.trace_id, s.span_id, s.kind,
               {{.failed s}},
               t.span_count, t.start_time, t.end_time))
    OR s.kind IN ('agent', 'chain')
        AND (s.usage_counted AND coalesce(s.aggregate_usage ->> 'input_tokens', s.aggregate_usage ->> 'output_tokens', s.aggregate_usage ->> 'total_tokens') IS NOT NULL
            OR coalesce(s.cost_counted, s.usage_counted) AND s.aggregate_usage ->> 'total_cost' IS NOT NULL);
