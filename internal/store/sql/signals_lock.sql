-- One batch at a time looks for calls that both signals observe: two that do not see each
-- other's rows would both count. Ordinary traces do not wait.
SELECT pg_advisory_xact_lock(hashtextextended($1 || '.llm_signals', 0))
