-- For traces that another batch may be creating too: waits for that batch, and skips
-- what turns out to be there.
INSERT INTO {{.schema}}.llm_traces ({{.columns}})
SELECT {{.values}} FROM {{.rows}} ON CONFLICT (trace_id) DO NOTHING
