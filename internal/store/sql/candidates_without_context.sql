-- Whether calls are listed under $1, that of events which name neither a trace nor a session, that end
-- within a time.
SELECT EXISTS (SELECT FROM {{.schema}}.llm_internal_call_candidates WHERE key = $1 AND end_time BETWEEN $2 AND $3)
