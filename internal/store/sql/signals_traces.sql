-- What candidates take from the rows of their traces. The second bit of the flags is
-- that of trace.Evented.
SELECT trace_id, session_id,
    CASE WHEN octet_length(origins) > 1 THEN get_byte(origins, 1) & 128 > 0 ELSE false END, span_count
FROM {{.schema}}.llm_traces WHERE trace_id = ANY ($1)
