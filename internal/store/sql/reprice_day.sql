-- The day that is to be priced next, for one collector.
SELECT day - date '1970-01-01', done_to, {{template "micros" "touched_since"}} FROM {{.schema}}.llm_internal_days_to_price
ORDER BY day DESC LIMIT 1 FOR UPDATE SKIP LOCKED
