-- Contents of a record's day, for a span of another.
INSERT INTO {{.schema}}.llm_contents (id, day, body)
SELECT DISTINCT c.id, r.to_day, c.body
FROM {{.rows}}
JOIN {{.schema}}.llm_contents c ON c.day = r.day AND c.id = r.id
ON CONFLICT DO NOTHING
