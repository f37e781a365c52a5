-- The sums over the spans of one hour. With the hour as a constant in its text the
-- planner opens one partition; with a parameter it would weigh them all, and have
-- such a costly plan compiled.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_usage_of(of_hour timestamptz)
RETURNS TABLE (hour timestamptz, service_name text, environment text, provider text, model text, kind text,
    spans bigint, calls bigint, errors bigint, input_tokens bigint, output_tokens bigint, total_tokens bigint,
    cache_read_tokens bigint, cache_creation_tokens bigint, reasoning_tokens bigint, total_cost numeric,
    latency_us_sum numeric, latency_us_max bigint, latency_us_histogram bigint[],
    ttft_us_sum numeric, ttft_us_max bigint, ttft_us_histogram bigint[])
LANGUAGE plpgsql STABLE ROWS 50 SET jit = off AS $$
BEGIN
    RETURN QUERY EXECUTE format($sql$
        SELECT %1$L::timestamptz, service_name, environment, provider, model, kind,
            sum(spans)::bigint, sum(calls)::bigint, sum(errors)::bigint,
            sum(input_tokens)::bigint, sum(output_tokens)::bigint, sum(total_tokens)::bigint,
            sum(cache_read_tokens)::bigint, sum(cache_creation_tokens)::bigint, sum(reasoning_tokens)::bigint, sum(total_cost),
            sum(latency_us), max(latency_us_max), %2$I.llm_histogram(latency_bucket, spans),
            sum(ttft_us), max(ttft_us_max), %2$I.llm_histogram(ttft_bucket, spans)
        FROM (
            SELECT service_name, environment, provider, model, kind,
                %2$I.llm_histogram_bucket(latency_us) AS latency_bucket, %2$I.llm_histogram_bucket(ttft_us) AS ttft_bucket,
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
                FROM %2$I.llm_spans s
                WHERE s.start_time >= %1$L::timestamptz AND s.start_time < %1$L::timestamptz + interval '1 hour') span
            GROUP BY service_name, environment, provider, model, kind, latency_bucket, ttft_bucket) part
        GROUP BY service_name, environment, provider, model, kind$sql$, of_hour, {{.schema_literal}});
END
$$;

-- Whether every transaction of this database from before a barrier has ended. Those of
-- other databases, which hold back pg_snapshot_xmin, do not matter.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_ended(barrier xid8) RETURNS boolean
LANGUAGE sql STABLE AS $$
SELECT barrier IS NOT NULL
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_get_activity(NULL) a
        WHERE a.datid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())
            AND a.backend_xid IS NOT NULL AND age(a.backend_xid) >= age(barrier::xid))
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_prepared_xacts p
        WHERE p.database = current_database() AND age(p.transaction) >= age(barrier::xid))
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_ended(xid8) FROM PUBLIC;

-- Folds one hour and returns it, or prepares hours that ended before a time; null
-- when it folded none. Each call has a transaction of its own.
--
-- A batch that has noted its hour, or found it noted, and has not committed yet
-- must not be missed. So the note is moved aside first: batches that look later
-- make a new one. The next transaction draws a barrier, and once all transactions
-- from before it have ended, everything stored under the old note can be seen.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_fold_usage(ended_before timestamptz) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    folded timestamptz;
    mine xid8;
BEGIN
    SELECT h.hour INTO folded FROM {{.schema}}.llm_usage_hours h
    WHERE h.folding AND {{.schema}}.llm_internal_ended(h.barrier)
    ORDER BY h.hour LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF FOUND THEN
        DELETE FROM {{.schema}}.llm_usage_hourly f WHERE f.hour = folded AND NOT f.dropped;
        INSERT INTO {{.schema}}.llm_usage_hourly (hour, service_name, environment, provider, model, kind,
            spans, calls, errors, input_tokens, output_tokens, total_tokens, cache_read_tokens, cache_creation_tokens, reasoning_tokens, total_cost,
            latency_us_sum, latency_us_max, latency_us_histogram, ttft_us_sum, ttft_us_max, ttft_us_histogram)
        SELECT * FROM {{.schema}}.llm_usage_of(folded);
        DELETE FROM {{.schema}}.llm_usage_hours h WHERE h.hour = folded AND h.folding;
        RETURN folded;
    END IF;
    mine := pg_current_xact_id();
    UPDATE {{.schema}}.llm_usage_hours h SET barrier = mine WHERE h.folding AND h.barrier IS NULL;
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
