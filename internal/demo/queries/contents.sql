SELECT count(*)::text AS sent, count(DISTINCT body - 'finish_reason')::text AS different,
    (SELECT count(*) FROM llm_contents WHERE body ? 'role')::text AS stored
FROM llm_messages
