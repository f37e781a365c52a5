{{define "candidate"}}coalesce(s.session_id, t.session_id), coalesce(s.source = 'event', false), s.name, s.span_id,
    {{template "micros" "s.start_time"}}, {{template "micros" "s.end_time"}}, s.kind, s.status, s.error_type,
    s.input_tokens::text, s.output_tokens::text, s.total_tokens::text, s.cache_read_tokens::text, s.cache_creation_tokens::text, s.reasoning_tokens::text,
    s.total_cost IS NOT NULL, s.response_id, s.request_model, s.response_model, s.output_message_ids IS NOT NULL, s.tool_name, s.tool_call_id,
    s.counted IS TRUE{{end}}
