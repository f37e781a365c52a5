-- Under which keys calls are listed that end within a time.
SELECT r.n FROM {{.rows}}
WHERE EXISTS (SELECT FROM {{.schema}}.llm_internal_call_candidates c WHERE c.key = r.key AND c.end_time BETWEEN r.first AND r.last)
