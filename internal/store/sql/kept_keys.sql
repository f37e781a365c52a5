-- The keys that the records of some calls keep.
SELECT left(replace(e.id::text, '-', ''), 16), encode(e.call_keys, 'hex')
FROM {{.rows}}
CROSS JOIN LATERAL (
    SELECT id, call_keys FROM {{.schema}}.llm_events WHERE day = r.day AND id BETWEEN r.first AND r.last AND call_keys IS NOT NULL OFFSET 0) e
