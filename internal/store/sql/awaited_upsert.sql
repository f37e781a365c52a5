INSERT INTO {{.schema}}.llm_internal_awaited_spans AS a ({{.columns}})
SELECT {{.values}} FROM {{.rows}}
ON CONFLICT (trace_id, span_id) DO UPDATE SET below = a.below | EXCLUDED.below WHERE a.below | EXCLUDED.below <> a.below
