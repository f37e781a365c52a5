-- Each call of a model once: whoever told it, and however often.
CREATE OR REPLACE VIEW {{.schema}}.llm_calls WITH (security_invoker = true) AS
SELECT s.trace_id, t.trace_id AS trace_hex, s.span_id, s.parent_span_id, s.name, s.span_kind, s.kind, s.operation,
    s.service_name, s.scope_name, s.scope_version, s.start_time, s.end_time, s.duration_us,
    s.status, s.status_message, s.error_type, s.error_message,
    s.provider, s.request_model, s.response_model, s.response_id, s.finish_reasons, s.request_parameters, s.streaming, s.ttft_ms,
    s.input_tokens, s.output_tokens, s.total_tokens, s.cache_read_tokens, s.cache_creation_tokens, s.reasoning_tokens,
    s.input_cost, s.output_cost, s.total_cost, s.aggregate_usage, s.counted, s.usage_counted,
    coalesce(s.user_id, t.user_id) AS user_id, coalesce(s.session_id, t.session_id) AS session_id,
    coalesce(s.environment, t.environment) AS environment, coalesce(s.release, t.release) AS release,
    coalesce(s.tags, nullif(t.tags, '{}')) AS tags,
    s.prompt_name, s.prompt_version, s.agent_name, s.agent_id, s.tool_name, s.tool_call_id, s.embedding_dimensions,
    s.input_message_ids, s.output_message_ids, s.system_instructions_id, s.tool_definitions_id, s.tool_arguments_id,
    s.tool_result_id, s.retrieval_query_id, s.document_ids,
    CASE WHEN w.own THEN {{.schema}}.llm_content_list(w.day, s.input_message_ids)
         ELSE (SELECT {{.schema}}.llm_content_list(o.day, o.input_message_ids)
               FROM {{.schema}}.llm_outer_telling(s.trace_id, s.span_id, s.kind) o) END AS input_messages,
    CASE WHEN w.own THEN {{.schema}}.llm_output_list(w.day, s.output_message_ids, s.finish_reasons)
         ELSE (SELECT {{.schema}}.llm_output_list(o.day, o.output_message_ids, coalesce(s.finish_reasons, o.finish_reasons))
               FROM {{.schema}}.llm_outer_telling(s.trace_id, s.span_id, s.kind) o) END AS output_messages,
    CASE WHEN w.own OR s.system_instructions_id IS NOT NULL THEN {{.schema}}.llm_content(w.day, s.system_instructions_id)
         ELSE (SELECT {{.schema}}.llm_content(o.day, o.system_instructions_id)
               FROM {{.schema}}.llm_outer_telling(s.trace_id, s.span_id, s.kind) o) END AS system_instructions,
    CASE WHEN w.own OR s.tool_definitions_id IS NOT NULL THEN {{.schema}}.llm_content(w.day, s.tool_definitions_id)
         ELSE (SELECT {{.schema}}.llm_content(o.day, o.tool_definitions_id)
               FROM {{.schema}}.llm_outer_telling(s.trace_id, s.span_id, s.kind) o) END AS tool_definitions,
    {{.schema}}.llm_content(w.day, s.tool_arguments_id) AS tool_arguments,
    {{.schema}}.llm_content(w.day, s.tool_result_id) AS tool_result,
    {{.schema}}.llm_content(w.day, s.retrieval_query_id) #>> '{}' AS retrieval_query,
    {{.schema}}.llm_content_list(w.day, s.document_ids) AS documents,
    s.resource_id, r.attributes AS resource_attributes,
    {{.schema}}.llm_whole_attributes(w.day, s.attributes) AS attributes,
    {{.schema}}.llm_whole_events(w.day, s.events) AS events, s.links, s.trace_state, s.flags, s.dropped_attributes_count, s.dropped_events_count, s.dropped_links_count, s.adjustments
FROM {{.schema}}.llm_spans s
CROSS JOIN LATERAL (SELECT (s.start_time AT TIME ZONE 'UTC')::date AS day,
    s.input_message_ids IS NOT NULL OR s.output_message_ids IS NOT NULL OR NOT coalesce(s.counted, false) AS own) w
LEFT JOIN {{.schema}}.llm_traces t ON t.id = s.trace_id
LEFT JOIN {{.schema}}.llm_resources r ON r.id = s.resource_id
WHERE s.kind IN ('llm', 'embedding', 'reranker') AND (s.counted OR s.usage_counted);
