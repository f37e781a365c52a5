-- Usage by the hour, so that a chart over months reads thousands of rows.
--
-- Collectors fold hours that have ended into llm_usage_hourly. Until then, and
-- again after a late span or a change of what counts, the view llm_usage takes an
-- hour from llm_spans. Which hours that are is in llm_usage_hours: a batch, in its
-- own transaction, notes the hours of the spans that it stores or changes.

-- A histogram counts values by magnitude: element b counts those in
-- (2^((b-1)/4), 2^(b/4)], element 0 those up to 1; elements are null or missing
-- where there is nothing to count. Adding histograms adds elements, and a quantile
-- read from one is at most 9 % off.
CREATE FUNCTION {{.schema}}.llm_histogram_bucket(value bigint) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE WHEN value > 1 THEN ceil(ln(value::double precision) * (4 / ln(2::double precision)))::integer WHEN value IS NOT NULL THEN 0 END
$$;

CREATE FUNCTION {{.schema}}.llm_histogram_add(histogram bigint[], bucket integer, count bigint) RETURNS bigint[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    IF bucket IS NOT NULL THEN
        histogram[bucket] := coalesce(histogram[bucket], 0) + count;
    END IF;
    RETURN histogram;
END
$$;

CREATE FUNCTION {{.schema}}.llm_histogram_merge(histogram bigint[], other bigint[]) RETURNS bigint[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    IF histogram IS NULL OR other IS NULL THEN
        RETURN coalesce(histogram, other);
    END IF;
    FOR bucket IN array_lower(other, 1) .. array_upper(other, 1) LOOP
        IF other[bucket] IS NOT NULL THEN
            histogram[bucket] := coalesce(histogram[bucket], 0) + other[bucket];
        END IF;
    END LOOP;
    RETURN histogram;
END
$$;

-- A histogram from buckets and how many values are in each.
CREATE AGGREGATE {{.schema}}.llm_histogram(bucket integer, count bigint) (
    SFUNC = {{.schema}}.llm_histogram_add, STYPE = bigint[],
    COMBINEFUNC = {{.schema}}.llm_histogram_merge, PARALLEL = SAFE
);

-- The sum of histograms.
CREATE AGGREGATE {{.schema}}.llm_histogram_sum(bigint[]) (
    SFUNC = {{.schema}}.llm_histogram_merge, STYPE = bigint[],
    COMBINEFUNC = {{.schema}}.llm_histogram_merge, PARALLEL = SAFE
);

-- The value below which a fraction of a histogram's values lies, in the unit of
-- the values; null for an empty one.
CREATE FUNCTION {{.schema}}.llm_histogram_quantile(histogram bigint[], fraction double precision) RETURNS double precision
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
DECLARE
    rank numeric := (SELECT sum(n) FROM unnest(histogram) n) * fraction;
    seen numeric := 0;
BEGIN
    FOR bucket IN array_lower(histogram, 1) .. array_upper(histogram, 1) LOOP
        seen := seen + coalesce(histogram[bucket], 0);
        IF seen >= rank AND histogram[bucket] > 0 THEN
            RETURN CASE WHEN bucket = 0 THEN 1 ELSE 2 ^ ((bucket - 0.5) / 4) END;
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;

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

-- The sums over the spans of one hour. With the hour as a constant in its text the
-- planner opens one partition; with a parameter it would weigh them all, and have
-- such a costly plan compiled.
CREATE FUNCTION {{.schema}}.llm_usage_of(of_hour timestamptz) RETURNS SETOF {{.schema}}.llm_usage_hourly
LANGUAGE plpgsql STABLE ROWS 50 SET jit = off AS $$
BEGIN
    RETURN QUERY EXECUTE format($sql$
        SELECT %1$L::timestamptz, service_name, environment, provider, model, kind,
            sum(spans)::bigint, sum(calls)::bigint, sum(errors)::bigint,
            sum(input_tokens)::bigint, sum(output_tokens)::bigint, sum(total_tokens)::bigint,
            sum(cache_read_tokens)::bigint, sum(cache_creation_tokens)::bigint, sum(reasoning_tokens)::bigint, sum(total_cost),
            sum(latency_us), max(latency_us_max), {{.schema}}.llm_histogram(latency_bucket, spans),
            sum(ttft_us), max(ttft_us_max), {{.schema}}.llm_histogram(ttft_bucket, spans),
            false
        FROM (
            SELECT service_name, environment, provider, model, kind,
                {{.schema}}.llm_histogram_bucket(latency_us) AS latency_bucket, {{.schema}}.llm_histogram_bucket(ttft_us) AS ttft_bucket,
                count(*) AS spans, count(*) FILTER (WHERE counted) AS calls, count(error_type) AS errors,
                coalesce(sum(input_tokens) FILTER (WHERE usage_counted), 0) AS input_tokens,
                coalesce(sum(output_tokens) FILTER (WHERE usage_counted), 0) AS output_tokens,
                coalesce(sum(total_tokens) FILTER (WHERE usage_counted), 0) AS total_tokens,
                coalesce(sum(cache_read_tokens) FILTER (WHERE usage_counted), 0) AS cache_read_tokens,
                coalesce(sum(cache_creation_tokens) FILTER (WHERE usage_counted), 0) AS cache_creation_tokens,
                coalesce(sum(reasoning_tokens) FILTER (WHERE usage_counted), 0) AS reasoning_tokens,
                coalesce(sum(total_cost) FILTER (WHERE usage_counted), 0) AS total_cost,
                coalesce(sum(latency_us), 0) AS latency_us, max(latency_us) AS latency_us_max,
                coalesce(sum(ttft_us), 0) AS ttft_us, max(ttft_us) AS ttft_us_max
            FROM (
                SELECT s.service_name, s.environment, s.provider, coalesce(s.request_model, s.response_model) AS model, s.kind,
                    s.counted, s.usage_counted, s.error_type,
                    coalesce(s.input_tokens, (s.aggregate_usage ->> 'input_tokens')::bigint) AS input_tokens,
                    coalesce(s.output_tokens, (s.aggregate_usage ->> 'output_tokens')::bigint) AS output_tokens,
                    coalesce(s.total_tokens, (s.aggregate_usage ->> 'total_tokens')::bigint) AS total_tokens,
                    coalesce(s.cache_read_tokens, (s.aggregate_usage ->> 'cache_read_tokens')::bigint) AS cache_read_tokens,
                    coalesce(s.cache_creation_tokens, (s.aggregate_usage ->> 'cache_creation_tokens')::bigint) AS cache_creation_tokens,
                    coalesce(s.reasoning_tokens, (s.aggregate_usage ->> 'reasoning_tokens')::bigint) AS reasoning_tokens,
                    coalesce(s.total_cost, (s.aggregate_usage ->> 'total_cost')::numeric) AS total_cost,
                    CASE WHEN s.counted IS NOT FALSE THEN s.duration_us END AS latency_us,
                    CASE WHEN s.counted IS NOT FALSE AND s.ttft_ms BETWEEN 0 AND 1e12 THEN (s.ttft_ms * 1000)::bigint END AS ttft_us
                FROM {{.schema}}.llm_spans s
                WHERE s.start_time >= %1$L::timestamptz AND s.start_time < %1$L::timestamptz + interval '1 hour') span
            GROUP BY service_name, environment, provider, model, kind, latency_bucket, ttft_bucket) part
        GROUP BY service_name, environment, provider, model, kind$sql$, of_hour);
END
$$;

CREATE VIEW {{.schema}}.llm_usage WITH (security_invoker = true) AS
SELECT hour, service_name, environment, provider, model, kind, spans, calls, errors,
    input_tokens, output_tokens, total_tokens, cache_read_tokens, cache_creation_tokens, reasoning_tokens, total_cost,
    latency_us_sum, latency_us_max, latency_us_histogram, ttft_us_sum, ttft_us_max, ttft_us_histogram
FROM {{.schema}}.llm_usage_hourly f
WHERE f.dropped OR NOT EXISTS (SELECT FROM {{.schema}}.llm_usage_hours h WHERE h.hour = f.hour)
UNION ALL
SELECT h.hour, u.service_name, u.environment, u.provider, u.model, u.kind, u.spans, u.calls, u.errors,
    u.input_tokens, u.output_tokens, u.total_tokens, u.cache_read_tokens, u.cache_creation_tokens, u.reasoning_tokens, u.total_cost,
    u.latency_us_sum, u.latency_us_max, u.latency_us_histogram, u.ttft_us_sum, u.ttft_us_max, u.ttft_us_histogram
FROM (SELECT DISTINCT hour FROM {{.schema}}.llm_usage_hours) h
CROSS JOIN LATERAL {{.schema}}.llm_usage_of(h.hour) u;

-- Folds one hour and returns it, or prepares hours that ended before a time; null
-- when it folded none. Each call has a transaction of its own.
--
-- A batch that has noted its hour, or found it noted, and has not committed yet
-- must not be missed. So the note is moved aside first: batches that look later
-- make a new one. The next transaction draws a barrier, and once all transactions
-- from before it have ended, everything stored under the old note can be seen.
CREATE FUNCTION {{.schema}}.llm_fold_usage(ended_before timestamptz) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    folded timestamptz;
BEGIN
    SELECT h.hour INTO folded FROM {{.schema}}.llm_usage_hours h
    WHERE h.folding AND h.barrier < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY h.hour LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF FOUND THEN
        DELETE FROM {{.schema}}.llm_usage_hourly f WHERE f.hour = folded AND NOT f.dropped;
        INSERT INTO {{.schema}}.llm_usage_hourly SELECT * FROM {{.schema}}.llm_usage_of(folded);
        DELETE FROM {{.schema}}.llm_usage_hours h WHERE h.hour = folded AND h.folding;
        RETURN folded;
    END IF;
    UPDATE {{.schema}}.llm_usage_hours h SET barrier = pg_current_xact_id() WHERE h.folding AND h.barrier IS NULL;
    WITH ended AS (
        DELETE FROM {{.schema}}.llm_usage_hours h
        WHERE NOT h.folding AND h.hour <= ended_before - interval '1 hour' RETURNING h.hour
    )
    INSERT INTO {{.schema}}.llm_usage_hours (hour, folding) SELECT hour, true FROM ended
    ON CONFLICT (hour, folding) DO UPDATE SET barrier = NULL;
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_fold_usage(timestamptz) FROM PUBLIC;

-- As before, and a day of spans goes only once all of its hours are folded; their
-- sums stay.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_drop_day_before(of_table text, limit_day date)
RETURNS TABLE (dropped_day date, row_estimate bigint, bytes bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET "TimeZone" = 'UTC' SET lock_timeout = '200ms' AS $$
DECLARE
    part record;
    deleted bigint;
BEGIN
    IF of_table NOT IN ('llm_spans', 'llm_contents') THEN
        RAISE EXCEPTION 'llm_drop_day_before: table % has no days; it takes llm_spans or llm_contents', of_table;
    END IF;
    FOR part IN
        SELECT c.oid::regclass AS name, to_date(right(c.relname, 8), 'YYYYMMDD') AS day, greatest(c.reltuples, 0)::bigint AS estimate
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = to_regclass(format('%I.%I', {{.schema_literal}}, of_table))
            AND c.relname ~ ('^' || of_table || '_[0-9]{8}$')
            AND to_date(right(c.relname, 8), 'YYYYMMDD') < limit_day
        ORDER BY c.relname LIMIT 1
    LOOP
        bytes := pg_total_relation_size(part.name);
        -- No batch is in flight once this lock is there, so no note of an hour is missed.
        EXECUTE format('LOCK TABLE %I.%I IN ACCESS EXCLUSIVE MODE', {{.schema_literal}}, of_table);
        IF of_table = 'llm_spans' THEN
            IF EXISTS (SELECT FROM {{.schema}}.llm_usage_hours h WHERE h.hour >= part.day AND h.hour < part.day + 1) THEN
                RETURN;
            END IF;
            UPDATE {{.schema}}.llm_usage_hourly f SET dropped = true
            WHERE f.hour >= part.day AND f.hour < part.day + 1 AND NOT f.dropped;
        END IF;
        EXECUTE format('DROP TABLE %s', part.name);
        dropped_day := part.day;
        row_estimate := part.estimate;
        RETURN NEXT;
        RETURN;
    END LOOP;
    IF of_table = 'llm_contents' THEN
        DELETE FROM {{.schema}}.llm_contents_default c WHERE c.day < limit_day;
        GET DIAGNOSTICS deleted = ROW_COUNT;
    ELSIF EXISTS (SELECT FROM {{.schema}}.llm_spans_default s WHERE s.start_time < limit_day) THEN
        LOCK TABLE {{.schema}}.llm_spans_default IN SHARE ROW EXCLUSIVE MODE;
        UPDATE {{.schema}}.llm_usage_hourly f SET dropped = true
        WHERE f.hour < limit_day AND NOT f.dropped AND NOT EXISTS (SELECT FROM {{.schema}}.llm_usage_hours h WHERE h.hour = f.hour);
        DELETE FROM {{.schema}}.llm_spans_default s
        WHERE s.start_time < limit_day
            AND NOT EXISTS (SELECT FROM {{.schema}}.llm_usage_hours h WHERE h.hour = date_trunc('hour', s.start_time));
        GET DIAGNOSTICS deleted = ROW_COUNT;
    END IF;
    IF deleted > 0 THEN
        dropped_day := NULL;
        row_estimate := deleted;
        bytes := 0;
        RETURN NEXT;
    END IF;
EXCEPTION WHEN lock_not_available THEN
    RETURN;
END
$$;

