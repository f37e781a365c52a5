-- Calls are priced again as soon as prices have changed, and once more those of traces that batches
-- have changed since touched_since: such a batch may have brought estimates by the prices of before.
ALTER TABLE {{.schema}}.llm_internal_price_changes ADD COLUMN touched_since timestamptz NOT NULL DEFAULT '-infinity';

-- Days whose spans are to be priced again. Traces up to done_to are done. llm_internal_repricing stays
-- for collectors of before, and empty: their prices may be too old for a day that has just been listed.
CREATE TABLE {{.schema}}.llm_internal_days_to_price (
    day           date PRIMARY KEY,
    done_to       uuid,
    touched_since timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO {{.schema}}.llm_internal_price_changes (since, until, ready_at) SELECT day, day, now() FROM {{.schema}}.llm_internal_repricing ON CONFLICT DO NOTHING;
DELETE FROM {{.schema}}.llm_internal_repricing;
