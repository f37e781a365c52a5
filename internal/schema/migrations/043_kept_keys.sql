-- Most records tell calls that nothing else tells. They keep what others would find these calls by until
-- something comes that may look for it (trace/kept.go).
ALTER TABLE {{.schema}}.llm_events ADD COLUMN call_keys bytea;
ALTER TABLE {{.schema}}.llm_events ALTER COLUMN call_keys SET STORAGE MAIN;
COMMENT ON COLUMN {{.schema}}.llm_events.call_keys IS 'By what other observations find the call that the record tells; only the exporter reads it. Null where the record tells no call, or others list it.';
