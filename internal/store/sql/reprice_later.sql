-- When traces, whose rows are locked, are priced next. One that was listed anew meanwhile stays due.
UPDATE {{.schema}}.llm_internal_traces_to_price l SET due_at = r.due_at
FROM {{.rows}} WHERE l.trace_id = r.trace_id AND l.listed_at = r.listed_at
