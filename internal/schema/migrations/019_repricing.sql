-- The prices that stored spans were estimated by, as far as a difference to llm_prices
-- matters: a hash of each row, and when it holds.
CREATE TABLE {{.schema}}.llm_internal_applied_prices (
    hash       bigint PRIMARY KEY,
    valid_from timestamptz,
    valid_to   timestamptz
);

-- Days for which prices have changed. From ready_at on every collector estimates by the
-- prices of now: only then is it known which days have spans that were estimated by those
-- of before.
CREATE TABLE {{.schema}}.llm_internal_price_changes (
    since    date NOT NULL,
    until    date NOT NULL,
    ready_at timestamptz NOT NULL,
    PRIMARY KEY (since, until, ready_at)
);

-- Days whose spans are to be priced again. Traces up to done_to are done.
CREATE TABLE {{.schema}}.llm_internal_repricing (
    day     date PRIMARY KEY,
    done_to uuid
);
