-- A batch looks for calls of a session only if anything is listed of the session under one key,
-- and for events that name nobody only if any is listed at that time (trace/absence.go). Of what
-- earlier versions listed that is not known: for a week batches look for these calls as before.
INSERT INTO {{.schema}}.llm_internal_call_candidates (key, end_time, origin, start_time, by_time, has_id, span_id)
SELECT 30510792174696753, now() + interval '7 days', '00000000-0000-0000-0000-000000000000', now(), false, false, ''
WHERE EXISTS (SELECT FROM {{.schema}}.llm_traces);
