-- What prices depend on of the model spans of traces $1, which start between $2 and $3. A span
-- that names no model has that of the call, as the views show it.
SELECT s.tableoid, s.ctid, s.trace_id, s.span_id, {{template "micros" "s.start_time"}}, s.kind,
    coalesce(s.provider, n.provider), coalesce(s.request_model, n.request_model), coalesce(s.response_model, n.response_model), s.service_tier,
    s.input_tokens, s.output_tokens, s.cache_read_tokens, s.cache_creation_tokens, s.cache_write_1h_tokens, s.reasoning_tokens,
    s.input_audio_tokens, s.output_audio_tokens, s.input_image_tokens, s.output_image_tokens, s.web_search_requests,
    s.estimated_cost, s.counted, s.usage_counted, s.estimate_counted
FROM unnest($1) r (id)
CROSS JOIN LATERAL (
    SELECT *, tableoid, ctid FROM {{.schema}}.llm_spans
    WHERE trace_id = r.id AND start_time BETWEEN $2 AND $3 AND kind IN ('llm', 'embedding', 'reranker') OFFSET 0) s
LEFT JOIN LATERAL {{.schema}}.llm_internal_told_model(
    CASE WHEN coalesce(s.request_model, s.response_model) IS NULL AND coalesce(s.input_tokens, s.output_tokens) IS NOT NULL THEN s.trace_id END,
    s.span_id, s.kind, coalesce(s.parent_span_id, ''), s.counted, $2, $3) n ON true
