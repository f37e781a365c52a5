-- Each tool call once, without its words: readable for roles without llm_contents.
CREATE OR REPLACE VIEW {{.schema}}.llm_tool_facts WITH (security_invoker = true) AS
SELECT i.trace_id, i.trace_hex, i.span_id, i.parent_span_id, i.name, i.span_kind, i.kind, i.failed, i.operation,
    i.service_name, i.scope_name, i.scope_version, i.start_time, i.end_time, i.duration_us,
    i.status, i.status_message, i.error_type, i.error_message, i.tool_name, i.tool_call_id,
    i.user_id, i.session_id, i.environment, i.release, i.tags, i.labels, i.agent_name, i.agent_id, i.prompt_name, i.prompt_version,
    i.counted, {{.as_stored i}}, i.tool_arguments_id, i.tool_result_id, i.resource_id, i.adjustments
FROM {{.schema}}.llm_internal_tools i;
