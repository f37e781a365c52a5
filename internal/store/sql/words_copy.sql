-- Contents of a record's day, for a span of another.
INSERT INTO {{.schema}}.llm_contents (id, day, body, owner)
SELECT DISTINCT c.id, r.to_day, c.body, r.owner
FROM {{.rows}}
JOIN {{.schema}}.llm_contents c ON c.day = r.day AND c.id = r.id
ORDER BY r.to_day, c.id
ON CONFLICT DO NOTHING
