-- Traces whose calls without a model are to be priced by now, those that wait longest first.
SELECT trace_id FROM {{.schema}}.llm_internal_traces_to_price WHERE due_at <= now() ORDER BY due_at LIMIT $1
