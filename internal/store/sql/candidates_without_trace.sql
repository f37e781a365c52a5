-- Whether calls are listed that end within a time: under $1, that of events without context, and under
-- $2, that of events which name a session and no trace.
SELECT EXISTS (SELECT FROM {{.schema}}.llm_internal_call_candidates WHERE key = $1 AND end_time BETWEEN $3 AND $4),
    EXISTS (SELECT FROM {{.schema}}.llm_internal_call_candidates WHERE key = $2 AND end_time BETWEEN $3 AND $4)
