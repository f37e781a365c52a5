-- Traces with new calls that name no model.
INSERT INTO {{.schema}}.llm_internal_traces_to_price AS l (trace_id)
SELECT unnest($1) ON CONFLICT (trace_id) DO UPDATE SET listed_at = now(), due_at = now()
