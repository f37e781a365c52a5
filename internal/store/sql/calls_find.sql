-- Stored calls of a trace under any of some keys that overlap a time. There may be very
-- many keys: = ANY looks into a hash table, where && compares each with each.
SELECT span_id, start_time, end_time, scope, told, keys FROM {{.schema}}.llm_internal_call_keys
WHERE trace_id = $1 AND start_time <= $3 AND end_time >= $2 AND EXISTS (SELECT FROM unnest(keys) AS k (key) WHERE k.key = ANY ($4))
