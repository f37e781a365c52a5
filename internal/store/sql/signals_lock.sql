-- A batch that pairs exclusively waits for all others that pair, and they for it. Ordinary traces
-- do not wait.
SELECT pg_advisory_xact_lock(hashtextextended($1 || '.llm_signals', 0))
