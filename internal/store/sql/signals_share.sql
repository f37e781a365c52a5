-- Batches that pair beside one another wait only for one that pairs exclusively.
SELECT pg_advisory_xact_lock_shared(hashtextextended($1 || '.llm_signals', 0))
