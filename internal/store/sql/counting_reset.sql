-- All that counting keeps of traces, by this version and by the one before.
WITH awaited AS (DELETE FROM {{.schema}}.llm_internal_awaited_spans WHERE trace_id = ANY ($1)),
    pairs AS (DELETE FROM {{.schema}}.llm_internal_pairs WHERE trace_id = ANY ($1) AND effects IS NULL),
    calls AS (DELETE FROM {{.schema}}.llm_internal_call_keys WHERE trace_id = ANY ($1)),
    tools AS (DELETE FROM {{.schema}}.llm_internal_nested_tools WHERE trace_id = ANY ($1)),
    old_awaited AS (DELETE FROM {{.schema}}.llm_awaited_spans WHERE trace_id = ANY ($1))
DELETE FROM {{.schema}}.llm_side_by_side WHERE trace_id = ANY ($1)
