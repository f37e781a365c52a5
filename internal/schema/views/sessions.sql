-- A row per session. A span is of the session that it names, else of its trace's; the two
-- are asked apart, so that the index on llm_spans.session_id finds one session.
CREATE OR REPLACE VIEW {{.schema}}.llm_sessions WITH (security_invoker = true) AS
SELECT session_id, max(user_id) AS user_id, array_agg(DISTINCT user_id ORDER BY user_id) FILTER (WHERE user_id IS NOT NULL) AS users,
    count(DISTINCT trace_id) AS trace_count,
    count(*) FILTER (WHERE kind = 'llm' AND counted) AS llm_call_count, count(*) FILTER (WHERE kind = 'tool' AND counted) AS tool_call_count,
    count(*) FILTER (WHERE counted AND failed) AS error_count, count(*) FILTER (WHERE counted AND failed AND kind <> 'tool') AS failed_calls,
    count(*) FILTER (WHERE is_call AND total_cost IS NOT NULL) AS priced_calls,
    coalesce(sum(input_tokens), 0) AS input_tokens, coalesce(sum(output_tokens), 0) AS output_tokens, coalesce(sum(total_tokens), 0) AS total_tokens,
    sum(total_cost) AS total_cost, sum(estimated_cost) AS estimated_cost, coalesce(sum(unpriced_calls), 0)::bigint AS unpriced_calls,
    min(start_time) AS first_seen, max(end_time) AS last_seen
FROM (
    SELECT s.session_id, coalesce(s.user_id, t.user_id) AS user_id, s.trace_id, s.start_time, s.end_time, s.kind, s.counted, s.error_type IS NOT NULL AS failed,
        false AS is_call, NULL::bigint AS input_tokens, NULL::bigint AS output_tokens, NULL::bigint AS total_tokens, NULL::numeric AS total_cost,
        NULL::numeric AS estimated_cost, NULL::integer AS unpriced_calls
    FROM {{.schema}}.llm_spans s LEFT JOIN {{.schema}}.llm_traces t ON t.id = s.trace_id
    WHERE s.session_id IS NOT NULL
    UNION ALL
    SELECT t.session_id, coalesce(s.user_id, t.user_id), s.trace_id, s.start_time, s.end_time, s.kind, s.counted, s.error_type IS NOT NULL,
        false, NULL, NULL, NULL, NULL, NULL, NULL
    FROM {{.schema}}.llm_traces t JOIN {{.schema}}.llm_spans s ON s.trace_id = t.id AND s.start_time BETWEEN t.start_time AND t.end_time
    WHERE t.session_id IS NOT NULL AND s.session_id IS NULL
    UNION ALL
    SELECT i.own_session_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, i.is_call, i.input_tokens, i.output_tokens, i.total_tokens, i.total_cost,
        i.estimated_cost, i.unpriced_calls
    FROM {{.schema}}.llm_internal_calls i WHERE i.own_session_id IS NOT NULL
    UNION ALL
    SELECT i.trace_session_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, i.is_call, i.input_tokens, i.output_tokens, i.total_tokens, i.total_cost,
        i.estimated_cost, i.unpriced_calls
    FROM {{.schema}}.llm_internal_calls i WHERE i.trace_session_id IS NOT NULL AND i.own_session_id IS NULL) s
GROUP BY session_id;
