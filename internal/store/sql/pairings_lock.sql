-- One batch at a time compares its claims and commits.
SELECT pg_advisory_xact_lock(hashtextextended($1 || '.llm_pairings', 0))
