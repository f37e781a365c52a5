-- Words that records of calls of traces $1 have of spans that they name: those of the calls, what these have
-- from other records apart.
SELECT e.day - DATE '1970-01-01', e.id, {{template "micros" "e.time"}}, e.trace_id,
    CASE WHEN s.event_words & 4 > 0 THEN NULL ELSE s.system_instructions_id END, CASE WHEN s.event_words & 8 > 0 THEN NULL ELSE s.tool_definitions_id END,
    CASE WHEN s.event_words & 16 > 0 THEN NULL ELSE s.tool_arguments_id END, CASE WHEN s.event_words & 32 > 0 THEN NULL ELSE s.tool_result_id END,
    e.span_id, e.scope_name, s.response_id, to_jsonb(array_remove(ARRAY[s.request_model, s.response_model], NULL)),
    CASE WHEN s.event_words & 1 > 0 THEN NULL ELSE to_jsonb(s.input_message_ids) END, CASE WHEN s.event_words & 2 > 0 THEN NULL ELSE to_jsonb(s.output_message_ids) END,
    CASE WHEN s.event_words & 64 > 0 THEN NULL ELSE to_jsonb(s.finish_reasons) END, encode(e.call_keys, 'hex')
{{template "kept_calls" .}}
WHERE t.trace_id = ANY ($1) AND get_byte(e.call_keys, 0) & 4 > 0
    AND NOT EXISTS (SELECT FROM {{.schema}}.llm_internal_words w WHERE w.day = e.day AND w.id = e.id)
