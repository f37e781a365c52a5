INSERT INTO {{.schema}}.llm_internal_call_keys ({{.columns}})
SELECT r.trace_id, r.span_id, r.start_time, r.end_time, r.keys::bigint[], r.scope, r.told FROM {{.rows}}
ON CONFLICT (trace_id, start_time, span_id) DO UPDATE SET scope = EXCLUDED.scope, told = EXCLUDED.told
