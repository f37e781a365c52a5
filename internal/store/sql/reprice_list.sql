-- Traces with new calls that name no model. Citus takes no functions in what an UPDATE on conflict sets.
INSERT INTO {{.schema}}.llm_internal_traces_to_price (trace_id, listed_at, due_at)
SELECT t.id, now(), now() FROM unnest($1) t (id)
ON CONFLICT (trace_id) DO UPDATE SET listed_at = EXCLUDED.listed_at, due_at = EXCLUDED.due_at
