-- Words that events had go with them.
UPDATE {{.schema}}.llm_internal_former_words f SET trace_id = r.trace_id
FROM {{.rows}}
WHERE f.trace_id = r.origin AND f.span_id = r.span_id AND f.start_time = r.start_time
