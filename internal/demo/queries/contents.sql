SELECT count(*)::text AS sent, count(DISTINCT (start_time::date, body - 'finish_reason'))::text AS distinct_messages,
    (SELECT count(*) FROM llm_contents WHERE body ? 'role')::text AS stored
FROM llm_messages
