INSERT INTO {{.schema}}.llm_internal_event_places ({{.columns}})
SELECT {{.values}} FROM {{.rows}}
ON CONFLICT (origin, span_id) DO UPDATE SET trace_id = EXCLUDED.trace_id, settled = EXCLUDED.settled
