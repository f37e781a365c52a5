-- The log records of prompts go with the rows of these.
UPDATE {{.schema}}.llm_events e SET belongs_to = r.trace_id
FROM {{.rows}}
WHERE e.belongs_to = r.origin AND e.found_by_call IS NULL AND e.day = r.day AND e.time = r.time AND e.name = r.name
