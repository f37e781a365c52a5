-- What retention removes besides days: traces and resources that nothing refers to.

-- The last UTC day with a span of the resource, so that nobody has to search the
-- spans for it. Of rows stored before this column was, nobody knows.
ALTER TABLE {{.schema}}.llm_resources ADD COLUMN last_day date NOT NULL DEFAULT CURRENT_DATE + 7;
ALTER TABLE {{.schema}}.llm_resources ALTER COLUMN last_day DROP DEFAULT;

-- Superseded by the function that goes through a range of blocks.
DROP FUNCTION IF EXISTS {{.schema}}.llm_delete_traces_before(date, integer);
