-- A row per counted call of a tool: what the views of tools and the sums of usage are
-- made of.
CREATE OR REPLACE VIEW {{.schema}}.llm_internal_tools WITH (security_invoker = true) AS
SELECT s.trace_id, t.trace_id AS trace_hex, s.span_id, s.parent_span_id, s.name, s.span_kind, s.kind, s.error_type IS NOT NULL AS failed, s.operation,
    s.service_name, s.scope_name, s.scope_version, s.start_time, s.end_time, s.duration_us,
    s.status, s.status_message,
    {{.error}}, s.tool_name,
    {{.own_or_told tool_call_id}} AS tool_call_id,
    coalesce(s.user_id, t.user_id) AS user_id, coalesce(s.session_id, t.session_id) AS session_id,
    coalesce(s.environment, t.environment) AS environment, coalesce(s.release, t.release) AS release,
    coalesce(s.tags, nullif(t.tags, '{}')) AS tags, coalesce(t.labels || s.labels, s.labels, t.labels) AS labels,
    coalesce(s.agent_name, CASE WHEN t.span_count > 1
        THEN {{.schema}}.llm_internal_agent(s.trace_id, s.span_id, s.parent_span_id, t.span_count, t.start_time, t.end_time) END) AS agent_name,
    s.agent_id, s.aggregate_usage, s.prompt_name, s.prompt_version, s.counted, {{.as_stored s}},
    {{.own_or_told tool_arguments_id}} AS tool_arguments_id,
    {{.own_or_told tool_result_id}} AS tool_result_id,
    s.resource_id, s.adjustments, d.day,
    {{.day_of tool_arguments_id}} AS arguments_day,
    {{.day_of tool_result_id}} AS result_day,
    s.attributes, s.events, s.links, s.input_message_ids, s.output_message_ids,
    s.session_id AS own_session_id, t.session_id AS trace_session_id
FROM {{.schema}}.llm_spans s
LEFT JOIN {{.schema}}.llm_traces t ON t.id = s.trace_id
CROSS JOIN LATERAL (SELECT (s.start_time AT TIME ZONE 'UTC')::date AS day) d
CROSS JOIN LATERAL (SELECT t.span_count > 1
    AND {{.may_be_told_again}} AS told_again) k
WHERE s.kind = 'tool' AND s.counted;
