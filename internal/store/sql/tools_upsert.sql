INSERT INTO {{.schema}}.llm_internal_nested_tools AS t ({{.columns}})
SELECT {{.values}} FROM {{.rows}}
ON CONFLICT (trace_id, name, call, span_id) DO UPDATE SET counted = EXCLUDED.counted, covered = t.covered OR EXCLUDED.covered, awaits = EXCLUDED.awaits
