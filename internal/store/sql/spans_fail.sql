-- Stored spans that say nothing of the error that an event tells of their call.
UPDATE {{.schema}}.llm_spans s SET error_type = r.error_type,
    adjustments = ARRAY(SELECT DISTINCT a FROM unnest(array_append(s.adjustments, 'error_from_record')) a ORDER BY a)
FROM {{.rows}}
WHERE s.trace_id = r.trace_id AND s.span_id = r.span_id AND s.start_time = r.start_time AND s.error_type IS NULL
