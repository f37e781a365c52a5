-- Every span, with its words. Words are read by subqueries, which are planned and need
-- rights only where a query selects them, and are several times as fast as calling a
-- function for each row. OFFSET 0 makes each message a look-up by its key.
CREATE OR REPLACE VIEW {{.schema}}.llm_span_details WITH (security_invoker = true) AS
SELECT s.trace_id, t.trace_id AS trace_hex, s.span_id, s.parent_span_id, s.name, s.span_kind, s.kind, s.operation,
    s.service_name, s.scope_name, s.scope_version, s.start_time, s.end_time, s.duration_us,
    s.status, s.status_message, s.error_type, s.error_message,
    s.provider, s.request_model, s.response_model, s.response_id, s.finish_reasons, s.request_parameters, s.streaming, s.ttft_ms,
    s.input_tokens, s.output_tokens, s.total_tokens, s.cache_read_tokens, s.cache_creation_tokens, s.reasoning_tokens,
    s.input_cost, s.output_cost, s.total_cost, s.aggregate_usage, s.counted, s.usage_counted,
    s.user_id, s.session_id, s.environment, s.release, s.tags, s.prompt_name, s.prompt_version, s.agent_name, s.agent_id,
    s.tool_name, s.tool_call_id, s.embedding_dimensions,
    s.input_message_ids, s.output_message_ids, s.system_instructions_id, s.tool_definitions_id, s.tool_arguments_id,
    s.tool_result_id, s.retrieval_query_id, s.document_ids,
    CASE WHEN s.input_message_ids IS NOT NULL THEN (
        SELECT CASE WHEN count(w.id) > 0 OR count(*) = 0 THEN coalesce(jsonb_agg(w.body ORDER BY m.n), '[]') END
        FROM unnest(s.input_message_ids) WITH ORDINALITY m (id, n) LEFT JOIN LATERAL (SELECT c.id, c.body FROM {{.schema}}.llm_contents c WHERE c.day = d.day AND c.id = m.id OFFSET 0) w ON true) END AS input_messages,
    CASE WHEN s.output_message_ids IS NOT NULL THEN (
        SELECT CASE WHEN count(w.id) > 0 OR count(*) = 0 THEN coalesce(jsonb_agg(CASE WHEN s.finish_reasons[m.n] IS NULL THEN w.body
            ELSE w.body || jsonb_build_object('finish_reason', s.finish_reasons[m.n]) END ORDER BY m.n), '[]') END
        FROM unnest(s.output_message_ids) WITH ORDINALITY m (id, n) LEFT JOIN LATERAL (SELECT c.id, c.body FROM {{.schema}}.llm_contents c WHERE c.day = d.day AND c.id = m.id OFFSET 0) w ON true) END AS output_messages,
    (SELECT w.body FROM {{.schema}}.llm_contents w WHERE w.day = d.day AND w.id = s.system_instructions_id) AS system_instructions,
    (SELECT w.body FROM {{.schema}}.llm_contents w WHERE w.day = d.day AND w.id = s.tool_definitions_id) AS tool_definitions,
    (SELECT w.body FROM {{.schema}}.llm_contents w WHERE w.day = d.day AND w.id = s.tool_arguments_id) AS tool_arguments,
    (SELECT w.body FROM {{.schema}}.llm_contents w WHERE w.day = d.day AND w.id = s.tool_result_id) AS tool_result,
    (SELECT w.body FROM {{.schema}}.llm_contents w WHERE w.day = d.day AND w.id = s.retrieval_query_id) #>> '{}' AS retrieval_query,
    CASE WHEN s.document_ids IS NOT NULL THEN (
        SELECT CASE WHEN count(w.id) > 0 OR count(*) = 0 THEN coalesce(jsonb_agg(w.body ORDER BY m.n), '[]') END
        FROM unnest(s.document_ids) WITH ORDINALITY m (id, n) LEFT JOIN LATERAL (SELECT c.id, c.body FROM {{.schema}}.llm_contents c WHERE c.day = d.day AND c.id = m.id OFFSET 0) w ON true) END AS documents,
    s.resource_id, r.attributes AS resource_attributes,
    {{.schema}}.llm_whole_attributes(d.day, s.attributes) AS attributes,
    {{.schema}}.llm_whole_events(d.day, s.events) AS events, s.links, s.trace_state, s.flags, s.dropped_attributes_count, s.dropped_events_count, s.dropped_links_count, s.adjustments,
    s.cost_counted, {{.schema}}.llm_model_name(coalesce(s.response_model, s.request_model)) AS model, s.labels, s.service_tier, s.source, s.stored_at,
    s.cache_write_1h_tokens, s.input_audio_tokens, s.output_audio_tokens, s.input_image_tokens, s.output_image_tokens, s.web_search_requests,
    s.estimated_cost, s.estimate_counted
FROM {{.schema}}.llm_spans s
CROSS JOIN LATERAL (SELECT (s.start_time AT TIME ZONE 'UTC')::date AS day) d
LEFT JOIN {{.schema}}.llm_traces t ON t.id = s.trace_id
LEFT JOIN {{.schema}}.llm_resources r ON r.id = s.resource_id;
