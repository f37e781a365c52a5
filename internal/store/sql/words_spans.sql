-- Spans that may have the words of records: the span that they name; unless that is a call
-- of a model, the calls below it at the time of the records; and the calls with an id that
-- they have. Spans that start outside $8 and $9 are not looked at.
SELECT r.n, s.span_id, s.parent_span_id, {{template "micros" "s.start_time"}}, {{template "micros" "s.end_time"}},
    s.kind, s.scope_name, s.response_id, to_jsonb(array_remove(ARRAY[s.request_model, s.response_model], NULL)), coalesce(s.event_words, 0), s.source = 'event',
    (s.status = 'error' OR s.error_type IS NOT NULL) AND NOT {{template "fails_by_record"}} AND coalesce(s.input_tokens, s.output_tokens, s.total_tokens) IS NULL AND NOT ({{template "answers"}}),
    to_jsonb(s.input_message_ids), to_jsonb(s.output_message_ids), s.system_instructions_id, s.tool_definitions_id, s.tool_arguments_id, s.tool_result_id, to_jsonb(s.finish_reasons),
    s.user_id, s.session_id
FROM {{.rows}}
CROSS JOIN LATERAL (
    SELECT * FROM {{.schema}}.llm_spans s
    WHERE s.trace_id = r.trace_id AND s.span_id = r.named AND s.start_time BETWEEN $8 AND $9
    UNION ALL
    SELECT * FROM {{.schema}}.llm_spans s
    WHERE r.below AND s.trace_id = r.trace_id AND s.span_id <> r.named AND s.start_time BETWEEN $8 AND $9
        AND s.kind IN ('llm', 'embedding', 'reranker')
        AND (s.parent_span_id = r.named AND s.start_time <= r.until AND s.end_time >= r.since OR s.response_id = r.call_id)
        AND NOT EXISTS (SELECT FROM {{.schema}}.llm_spans c WHERE c.trace_id = r.trace_id AND c.span_id = r.named
            AND c.start_time BETWEEN $8 AND $9 AND c.kind IN ('llm', 'embedding', 'reranker'))) s
