SELECT r.n, c.body FROM {{.rows}}
CROSS JOIN LATERAL (SELECT body FROM {{.schema}}.llm_contents WHERE day = r.day AND id = r.id OFFSET 0) c
