-- Words of stored spans, found by primary key. What a span refers to that is stored now is
-- new to an erasure that has begun, as if the span was.
UPDATE {{.schema}}.llm_spans s SET
    input_message_ids = CASE WHEN r.sides & 1 > 0 THEN r.input_message_ids ELSE s.input_message_ids END,
    output_message_ids = CASE WHEN r.sides & 2 > 0 THEN r.output_message_ids ELSE s.output_message_ids END,
    system_instructions_id = CASE WHEN r.sides & 4 > 0 THEN r.system_instructions_id ELSE s.system_instructions_id END,
    tool_definitions_id = CASE WHEN r.sides & 8 > 0 THEN r.tool_definitions_id ELSE s.tool_definitions_id END,
    tool_arguments_id = CASE WHEN r.sides & 16 > 0 THEN r.tool_arguments_id ELSE s.tool_arguments_id END,
    tool_result_id = CASE WHEN r.sides & 32 > 0 THEN r.tool_result_id ELSE s.tool_result_id END,
    finish_reasons = CASE WHEN r.sides & 64 > 0 THEN r.finish_reasons ELSE s.finish_reasons END,
    event_words = nullif(r.event_words, 0), stored_at = now()
FROM {{.rows}}
WHERE s.trace_id = r.trace_id AND s.span_id = r.span_id AND s.start_time = r.start_time AND s.start_time BETWEEN $13 AND $14
