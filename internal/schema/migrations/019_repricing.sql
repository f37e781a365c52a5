-- The prices that stored spans were estimated by, as far as a difference to llm_prices
-- matters: a hash of each row, and when it holds.
CREATE TABLE {{.schema}}.llm_internal_applied_prices (
    hash       bigint PRIMARY KEY,
    valid_from timestamptz,
    valid_to   timestamptz
);

-- Days whose spans are to be priced again, once every collector has the prices of now.
-- Traces up to done_to are done.
CREATE TABLE {{.schema}}.llm_internal_repricing (
    day      date PRIMARY KEY,
    ready_at timestamptz NOT NULL,
    done_to  uuid
);
