INSERT INTO {{.schema}}.llm_internal_call_keys ({{.columns}})
SELECT r.trace_id, r.span_id, r.start_time, r.end_time, r.keys::bigint[] FROM {{.rows}}
ON CONFLICT DO NOTHING
