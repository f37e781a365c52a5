-- A call is listed under up to four keys, so that entries of this index are a large part of what a
-- log record costs. An entry has 24 bytes of key instead of 60: ref is a hash of the call. Collectors
-- of before write none, and list a call that comes again once more, which changes nothing.
ALTER TABLE {{.schema}}.llm_internal_call_candidates DROP CONSTRAINT llm_internal_call_candidates_pkey,
    ADD COLUMN ref bigint NOT NULL DEFAULT (random() * 9.2e18)::bigint,
    ADD PRIMARY KEY (key, end_time, ref);

-- A batch looks for calls of a session only if anything is listed of the session under one key,
-- and for events that name nobody only if any is listed at that time (trace/absence.go). Of what
-- earlier versions listed that is not known; those that run beside this one end within a day.
INSERT INTO {{.schema}}.llm_internal_call_candidates (key, end_time, origin, start_time, by_time, has_id, span_id)
SELECT 30510792174696753, now() + interval '1 day', '00000000-0000-0000-0000-000000000000', now(), false, false, ''
WHERE EXISTS (SELECT FROM {{.schema}}.llm_internal_call_candidates);
