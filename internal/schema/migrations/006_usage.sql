-- Usage by the hour, so that a chart over months reads thousands of rows.
--
-- Collectors fold hours that have ended into llm_usage_hourly. Until then, and
-- again after a late span or a change of what counts, the view llm_usage takes an
-- hour from llm_spans. Which hours that are is in llm_usage_hours: a batch, in its
-- own transaction, notes the hours of the spans that it stores or changes.

-- Sums over spans by UTC hour of start_time. Tokens and cost are those of spans
-- with usage_counted, latency and time to first token those of spans that are not
-- told again by another span (counted is not false); a time to first token that no
-- clock can have measured, below 0 or above 1e12 ms, is left out. Sums of the same group may be
-- in several rows.
CREATE TABLE {{.schema}}.llm_usage_hourly (
    hour                  timestamptz NOT NULL,
    service_name          text,
    environment           text,
    provider              text,
    model                 text,   -- requested, else answering
    kind                  text NOT NULL,
    spans                 bigint NOT NULL,
    calls                 bigint NOT NULL, -- counted
    errors                bigint NOT NULL,
    input_tokens          bigint NOT NULL,
    output_tokens         bigint NOT NULL,
    total_tokens          bigint NOT NULL,
    cache_read_tokens     bigint NOT NULL,
    cache_creation_tokens bigint NOT NULL,
    reasoning_tokens      bigint NOT NULL,
    total_cost            numeric NOT NULL, -- USD
    latency_us_sum        numeric NOT NULL,
    latency_us_max        bigint,
    latency_us_histogram  bigint[],
    ttft_us_sum           numeric NOT NULL,
    ttft_us_max           bigint,
    ttft_us_histogram     bigint[],
    dropped               boolean NOT NULL DEFAULT false -- the spans are gone with retention, the sums stay
);
CREATE INDEX llm_usage_hourly_hour ON {{.schema}}.llm_usage_hourly (hour);

-- Hours that llm_usage takes from llm_spans. A row with folding is one that a
-- collector is about to fold; a batch may add the other one meanwhile.
CREATE TABLE {{.schema}}.llm_usage_hours (
    hour    timestamptz NOT NULL,
    folding boolean NOT NULL DEFAULT false,
    barrier xid8, -- transactions from before it may not have seen that the hour is being folded
    PRIMARY KEY (hour, folding)
);

INSERT INTO {{.schema}}.llm_usage_hours (hour)
SELECT DISTINCT date_trunc('hour', start_time, 'UTC') FROM {{.schema}}.llm_spans;
