-- Events that move while their day is priced again may come to a trace that is done, from one that is not: the day is
-- priced once more.
INSERT INTO {{.schema}}.llm_internal_price_changes (since, until, ready_at)
SELECT DISTINCT d.day, d.day, now()
FROM {{.rows}}
JOIN {{.schema}}.llm_internal_days_to_price d ON d.day = (r.start_time AT TIME ZONE 'UTC')::date
ON CONFLICT DO NOTHING
