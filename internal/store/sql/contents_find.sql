-- Which of the contents $2 of day $1 are stored: one look-up by primary key each.
SELECT c.id FROM unnest($2) AS r (id)
CROSS JOIN LATERAL (SELECT id FROM {{.schema}}.llm_contents WHERE day = $1 AND id = r.id OFFSET 0) c
