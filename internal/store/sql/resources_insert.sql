-- A row is changed, and so locked, by the first batch of a day only: batches that
-- share it do not wait for one another.
INSERT INTO {{.schema}}.llm_resources AS s ({{.columns}})
SELECT {{.values}} FROM {{.rows}}
WHERE NOT EXISTS (SELECT FROM {{.schema}}.llm_resources s WHERE s.id = r.id AND s.last_day >= r.last_day)
ON CONFLICT (id) DO UPDATE SET last_day = greatest(s.last_day, EXCLUDED.last_day)
