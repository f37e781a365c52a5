-- Sums of usage that answer more questions: by labels and by success, calls and tools
-- apart, and by user, agent and prompt for each day.
ALTER TABLE {{.schema}}.llm_usage_hourly
    ADD COLUMN labels            jsonb,
    ADD COLUMN failed            boolean,
    ADD COLUMN error_spans       bigint,
    ADD COLUMN tool_calls        bigint,
    ADD COLUMN failed_calls      bigint,
    ADD COLUMN failed_tool_calls bigint,
    ADD COLUMN priced_calls      bigint,
    ALTER COLUMN errors DROP NOT NULL,
    ALTER COLUMN total_cost DROP NOT NULL;

-- Sums by user, labels, agent and prompt, without histograms. Rows are of an hour until
-- retention drops the spans, and then of the day.
CREATE TABLE {{.schema}}.llm_internal_usage_parts (
    id                    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hour                  timestamptz NOT NULL,
    service_name          text,
    environment           text,
    user_id               text,
    labels                jsonb,
    agent_name            text,
    prompt_name           text,
    prompt_version        text,
    provider              text,
    model                 text,
    kind                  text NOT NULL,
    calls                 bigint,
    tool_calls            bigint,
    failed_calls          bigint,
    failed_tool_calls     bigint,
    errors                bigint,
    priced_calls          bigint,
    input_tokens          bigint,
    output_tokens         bigint,
    total_tokens          bigint,
    cache_read_tokens     bigint,
    cache_creation_tokens bigint,
    reasoning_tokens      bigint,
    total_cost            numeric,
    latency_us_sum        numeric,
    latency_us_max        bigint,
    dropped               boolean NOT NULL DEFAULT false
);
CREATE INDEX llm_internal_usage_parts_hour ON {{.schema}}.llm_internal_usage_parts (hour);

-- Hours whose spans are stored are summed up again, and meanwhile read from the spans.
-- Of others only what the sums of before told is known: their errors counted spans, a
-- cost of 0 may have been none, and their histograms have a quarter of the buckets.
INSERT INTO {{.schema}}.llm_usage_hours (hour)
SELECT DISTINCT hour FROM {{.schema}}.llm_usage_hourly WHERE NOT dropped
ON CONFLICT DO NOTHING;

UPDATE {{.schema}}.llm_usage_hourly SET
    error_spans = errors, errors = NULL,
    tool_calls = CASE WHEN kind = 'tool' THEN calls ELSE 0 END, calls = CASE WHEN kind = 'tool' THEN 0 ELSE calls END,
    total_cost = nullif(total_cost, 0),
    latency_us_histogram = (
        SELECT array_agg(CASE WHEN b = -1 THEN latency_us_max WHEN b = 0 THEN latency_us_histogram[0]
            WHEN b % 4 = 2 THEN latency_us_histogram[(b + 2) / 4] END ORDER BY b)
        FROM generate_series(-2, 4 * array_upper(latency_us_histogram, 1)) b),
    ttft_us_histogram = (
        SELECT array_agg(CASE WHEN b = -1 THEN ttft_us_max WHEN b = 0 THEN ttft_us_histogram[0]
            WHEN b % 4 = 2 THEN ttft_us_histogram[(b + 2) / 4] END ORDER BY b)
        FROM generate_series(-2, 4 * array_upper(ttft_us_histogram, 1)) b)
WHERE dropped;
-- array_agg numbers elements from 1.
UPDATE {{.schema}}.llm_usage_hourly SET
    latency_us_histogram = ('[-2:' || array_length(latency_us_histogram, 1) - 3 || ']=' || latency_us_histogram::text)::bigint[],
    ttft_us_histogram = ('[-2:' || array_length(ttft_us_histogram, 1) - 3 || ']=' || ttft_us_histogram::text)::bigint[]
WHERE dropped;

INSERT INTO {{.schema}}.llm_internal_usage_parts (hour, service_name, environment, provider, model, kind, calls, tool_calls,
    input_tokens, output_tokens, total_tokens, cache_read_tokens, cache_creation_tokens, reasoning_tokens, total_cost, dropped)
SELECT hour, service_name, environment, provider, model, kind, calls, tool_calls,
    input_tokens, output_tokens, total_tokens, cache_read_tokens, cache_creation_tokens, reasoning_tokens, total_cost, true
FROM {{.schema}}.llm_usage_hourly
WHERE dropped AND (calls > 0 OR tool_calls > 0 OR total_tokens > 0 OR total_cost IS NOT NULL);
