-- Stored calls of a trace under any of some keys that overlap a time. There may be very
-- many calls and keys: = ANY looks into a hash table, where && compares each with each, and
-- unnest takes five times as long. A call has at most seven keys.
SELECT span_id, start_time, end_time, scope, told, keys FROM {{.schema}}.llm_internal_call_keys
WHERE trace_id = $1 AND start_time <= $3 AND end_time >= $2
    AND (keys[1] = ANY ($4) OR keys[2] = ANY ($4) OR keys[3] IS NOT NULL AND (keys[3] = ANY ($4) OR keys[4] = ANY ($4)
        OR keys[5] IS NOT NULL AND (keys[5] = ANY ($4) OR keys[6] = ANY ($4) OR keys[7] = ANY ($4))))
