INSERT INTO {{.schema}}.llm_awaited_spans AS a ({{.columns}})
SELECT {{.values}} FROM {{.rows}}
ON CONFLICT (trace_id, span_id) DO UPDATE SET below = a.below | EXCLUDED.below,
    tools = ARRAY(SELECT DISTINCT unnest(a.tools || EXCLUDED.tools))
