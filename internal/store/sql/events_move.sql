-- Log records go with the rows of the calls that they observe, whose span ids are the
-- first half of their own.
UPDATE {{.schema}}.llm_events e SET belongs_to = r.trace_id
FROM {{.rows}}
WHERE e.day = r.day AND e.id BETWEEN r.first AND r.last
