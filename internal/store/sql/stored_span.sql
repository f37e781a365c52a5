{{/* Words from log records change nothing of what counts, so that the order in which
    they arrive makes no difference. */}}{{define "stored_span"}}r.n, s.span_id, s.parent_span_id,
    {{template "micros" "s.start_time"}}, {{template "micros" "s.end_time"}},
    s.kind, s.status, s.error_type, s.scope_name,
    coalesce(s.input_tokens::text, s.aggregate_usage ->> 'input_tokens'),
    coalesce(s.output_tokens::text, s.aggregate_usage ->> 'output_tokens'),
    coalesce(s.total_tokens::text, s.aggregate_usage ->> 'total_tokens'),
    coalesce(s.total_cost::text, s.aggregate_usage ->> 'total_cost'),
    CASE WHEN s.kind IN ('llm', 'embedding', 'reranker') THEN s.estimated_cost END,
    s.response_id, s.request_model, s.response_model, 
    CASE WHEN s.event_words & 2 > 0 THEN NULL ELSE s.output_message_ids[1] END,
    CASE WHEN s.event_words & 1 > 0 THEN NULL ELSE s.input_message_ids[cardinality(s.input_message_ids)] END,
    {{template "answers"}}, s.tool_name, s.tool_call_id,
    CASE WHEN s.event_words & 16 > 0 THEN NULL ELSE s.tool_arguments_id END,
    coalesce(s.below, 0), s.counted, s.usage_counted, s.cost_counted, s.estimate_counted, coalesce(s.source = 'event', false), {{template "fails_by_record"}}{{end}}
{{define "answers"}}s.output_message_ids IS NOT NULL AND (s.event_words & 2 > 0) IS NOT TRUE{{end}}
{{define "fails_by_record"}}coalesce('error_from_record' = ANY (s.adjustments), false){{end}}
{{define "micros"}}CASE {{.}} WHEN 'infinity' THEN 9223372036854775807 WHEN '-infinity' THEN -9223372036854775808
        ELSE CASE WHEN {{.}} > '294000-01-01' THEN 9223372036854775806 ELSE (extract(epoch FROM {{.}}) * 1000000)::bigint END END{{end}}
