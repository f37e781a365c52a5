{{define "stored_span"}}r.n, s.span_id, s.parent_span_id,
    (extract(epoch FROM s.start_time) * 1000000)::bigint, (extract(epoch FROM s.end_time) * 1000000)::bigint,
    s.kind, s.tool_name, s.scope_name, s.response_id,
    coalesce(s.input_tokens, (s.aggregate_usage ->> 'input_tokens')::bigint),
    coalesce(s.output_tokens, (s.aggregate_usage ->> 'output_tokens')::bigint),
    coalesce(s.total_tokens, (s.aggregate_usage ->> 'total_tokens')::bigint),
    coalesce(s.total_cost, (s.aggregate_usage ->> 'total_cost')::numeric),
    coalesce(s.below, 0), s.counted, s.usage_counted{{end}}
