{{define "candidate"}}coalesce(s.session_id, t.session_id), coalesce(s.source = 'event', false), s.name, s.span_id,
    {{template "micros" "s.start_time"}}, {{template "micros" "s.end_time"}}, s.kind, s.status, s.error_type,
    s.input_tokens::text, s.output_tokens::text, s.total_tokens::text, s.cache_read_tokens::text, s.cache_creation_tokens::text, s.reasoning_tokens::text,
    coalesce(s.total_cost IS NOT NULL OR s.aggregate_usage ? 'total_cost', false), s.response_id, s.request_model, s.response_model, {{template "answers"}}, s.tool_name, s.tool_call_id,
    CASE WHEN s.kind IN ('agent', 'chain') THEN s.usage_counted OR s.cost_counted ELSE s.counted END IS TRUE,
    s.parent_span_id, s.session_id IS NULL, {{template "fails_by_record"}}{{end}}
