-- What pairing calls side by side needs to know of a stored call, so that spans are read
-- only where something follows from them. Rows of before go when their trace is counted
-- by this version, which begins with counting the trace anew.
ALTER TABLE {{.schema}}.llm_internal_call_keys ADD COLUMN scope bigint, ADD COLUMN told bigint;
