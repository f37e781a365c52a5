-- A record that tells a call is found by the span of that call, whose id is the first half of its own and which is found
-- by user and by trace: the record needs no entries in indexes by these, which were a tenth of what it cost. Rows of
-- before stay in the indexes.
ALTER TABLE {{.schema}}.llm_events ADD COLUMN found_by_call boolean;
COMMENT ON COLUMN {{.schema}}.llm_events.found_by_call IS 'Whether erasure finds the record by the span of the call that it tells, which names the same user and session and begins on the same day; only the exporter reads it. Null where it does not.';
DROP INDEX {{.schema}}.llm_events_trace;
DROP INDEX {{.schema}}.llm_events_user;
CREATE INDEX llm_events_trace ON {{.schema}}.llm_events (belongs_to) WHERE belongs_to IS NOT NULL AND found_by_call IS NULL;
CREATE INDEX llm_events_user ON {{.schema}}.llm_events (user_id, time) WHERE user_id IS NOT NULL AND found_by_call IS NULL;
