-- Each call of a model once, without its words: readable for roles without llm_contents.
CREATE OR REPLACE VIEW {{.schema}}.llm_call_facts WITH (security_invoker = true) AS
SELECT i.trace_id, i.trace_hex, i.span_id, i.parent_span_id, i.name, i.span_kind, i.kind, i.is_call, i.failed, i.operation,
    i.service_name, i.scope_name, i.scope_version, i.start_time, i.end_time, i.duration_us,
    i.status, i.status_message, i.error_type, i.error_message,
    i.provider, i.model, i.request_model, i.response_model, i.response_id, i.finish_reasons, i.request_parameters, i.streaming, i.ttft_ms,
    i.input_tokens, i.output_tokens, i.total_tokens, i.cache_read_tokens, i.cache_creation_tokens, i.cache_write_1h_tokens,
    i.reasoning_tokens, i.input_audio_tokens, i.output_audio_tokens, i.input_image_tokens, i.output_image_tokens, i.web_search_requests,
    i.input_cost, i.output_cost, i.total_cost, i.cost_source, i.estimated_cost, i.service_tier, i.counted, i.usage_counted, i.cost_counted,
    i.user_id, i.session_id, i.environment, i.release, i.tags, i.labels, i.prompt_name, i.prompt_version, i.agent_name, i.agent_id,
    i.embedding_dimensions, {{.as_stored i}},
    i.input_message_ids, i.output_message_ids, i.system_instructions_id, i.tool_definitions_id, i.document_ids, i.resource_id, i.adjustments
FROM {{.schema}}.llm_internal_calls i;
