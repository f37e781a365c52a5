-- Every batch shares this lock until it ends.
SELECT pg_advisory_xact_lock(hashtextextended($1 || '.llm_contents', 0))
