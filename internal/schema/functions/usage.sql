-- Usage by the hour, so that a chart over months reads thousands of rows, see
-- migrations/006_usage.sql. What is summed up are the calls as llm_calls shows them, and
-- all other spans.

-- The sums over the spans of one hour. A plan is made once a session: with a month of days
-- one for each hour took longer to make than to run. Such a plan drops the partitions of
-- other days when it starts, and is never compiled, since it weighs them all. For the same
-- reason it must look up each trace: it took reading all traces, for each hour, for cheaper.
-- next_hour is a variable, since the planner does not add intervals.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_usage_of(of_hour timestamptz) RETURNS TABLE (hour timestamptz, service_name text, environment text, provider text, model text, kind text,
    spans bigint, calls bigint, errors bigint, input_tokens bigint, output_tokens bigint, total_tokens bigint,
    cache_read_tokens bigint, cache_creation_tokens bigint, reasoning_tokens bigint, total_cost numeric,
    latency_us_sum numeric, latency_us_max bigint, latency_us_histogram bigint[], ttft_us_sum numeric, ttft_us_max bigint, ttft_us_histogram bigint[],
    labels jsonb, failed boolean, error_spans bigint, tool_calls bigint, failed_calls bigint, failed_tool_calls bigint, priced_calls bigint,
    estimated_cost numeric, unpriced_calls bigint)
LANGUAGE plpgsql STABLE ROWS 50 SET jit = off SET plan_cache_mode = force_generic_plan SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
    next_hour timestamptz := of_hour + interval '1 hour';
BEGIN
    RETURN QUERY
        SELECT of_hour, service_name, environment, provider, model, kind,
            sum(spans)::bigint, sum(calls)::bigint, sum(failed_calls + failed_tool_calls)::bigint,
            sum(input_tokens)::bigint, sum(output_tokens)::bigint, sum(total_tokens)::bigint,
            sum(cache_read_tokens)::bigint, sum(cache_creation_tokens)::bigint, sum(reasoning_tokens)::bigint, sum(total_cost),
            sum(latency_us), max(latency_us_max),
            {{.schema}}.llm_histogram_bounded({{.schema}}.llm_histogram(latency_bucket, measured), min(latency_us_min), max(latency_us_max)),
            sum(ttft_us), max(ttft_us_max),
            {{.schema}}.llm_histogram_bounded({{.schema}}.llm_histogram(ttft_bucket, measured), min(ttft_us_min), max(ttft_us_max)),
            labels, failed, sum(error_spans)::bigint, sum(tool_calls)::bigint, sum(failed_calls)::bigint, sum(failed_tool_calls)::bigint,
            sum(priced_calls)::bigint, sum(estimated_cost), sum(unpriced_calls)::bigint
        FROM (
            SELECT service_name, environment, labels, provider, model, kind, failed,
                {{.schema}}.llm_histogram_bucket(latency_us) AS latency_bucket, {{.schema}}.llm_histogram_bucket(ttft_us) AS ttft_bucket,
                count(*) AS measured, count(*) FILTER (WHERE is_span) AS spans, count(*) FILTER (WHERE is_span AND error) AS error_spans,
                count(*) FILTER (WHERE is_call) AS calls, count(*) FILTER (WHERE is_call AND error) AS failed_calls,
                count(*) FILTER (WHERE is_call AND total_cost IS NOT NULL) AS priced_calls,
                count(*) FILTER (WHERE is_tool) AS tool_calls, count(*) FILTER (WHERE is_tool AND error) AS failed_tool_calls,
                coalesce(sum(input_tokens), 0) AS input_tokens, coalesce(sum(output_tokens), 0) AS output_tokens,
                coalesce(sum(total_tokens), 0) AS total_tokens, coalesce(sum(cache_read_tokens), 0) AS cache_read_tokens,
                coalesce(sum(cache_creation_tokens), 0) AS cache_creation_tokens, coalesce(sum(reasoning_tokens), 0) AS reasoning_tokens,
                sum(total_cost) AS total_cost, sum(estimated_cost) AS estimated_cost, coalesce(sum(unpriced_calls), 0) AS unpriced_calls,
                coalesce(sum(latency_us), 0) AS latency_us, min(latency_us) AS latency_us_min, max(latency_us) AS latency_us_max,
                coalesce(sum(ttft_us), 0) AS ttft_us, min(ttft_us) AS ttft_us_min, max(ttft_us) AS ttft_us_max
            FROM (
                SELECT i.service_name, i.environment, i.labels, i.provider, i.model, i.kind, i.failed,
                    i.is_call AS is_span, i.is_call, false AS is_tool, i.failed AS error,
                    i.input_tokens, i.output_tokens, i.total_tokens, i.cache_read_tokens, i.cache_creation_tokens, i.reasoning_tokens, i.total_cost, i.estimated_cost, i.unpriced_calls,
                    CASE WHEN i.is_call THEN i.duration_us END AS latency_us,
                    CASE WHEN i.is_call AND i.ttft_ms BETWEEN 0 AND 1e12 THEN (i.ttft_ms * 1000)::bigint END AS ttft_us
                FROM {{.schema}}.llm_internal_calls i
                WHERE i.start_time >= of_hour AND i.start_time < next_hour
                UNION ALL
                SELECT s.service_name, coalesce(s.environment, t.environment), coalesce(t.labels || s.labels, s.labels, t.labels),
                    s.provider, {{.schema}}.llm_model_name(coalesce(s.response_model, s.request_model)), s.kind, s.error_type IS NOT NULL,
                    true, false, s.counted IS TRUE, s.error_type IS NOT NULL,
                    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                    CASE WHEN s.counted IS NOT FALSE THEN s.duration_us END,
                    CASE WHEN s.counted IS NOT FALSE AND s.ttft_ms BETWEEN 0 AND 1e12 THEN (s.ttft_ms * 1000)::bigint END
                FROM {{.schema}}.llm_spans s LEFT JOIN {{.schema}}.llm_traces t ON t.id = s.trace_id
                WHERE s.start_time >= of_hour AND s.start_time < next_hour
                    AND (s.kind NOT IN ('llm', 'embedding', 'reranker') OR s.counted IS NOT TRUE)) span
            GROUP BY service_name, environment, labels, provider, model, kind, failed, latency_bucket, ttft_bucket) part
        GROUP BY service_name, environment, labels, provider, model, kind, failed;
END
$$;

-- The sums over the calls and tools of one hour by user, agent and prompt.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_usage_parts_of(of_hour timestamptz) RETURNS TABLE (hour timestamptz, service_name text, environment text, user_id text, labels jsonb, agent_name text,
    prompt_name text, prompt_version text, provider text, model text, kind text,
    calls bigint, tool_calls bigint, failed_calls bigint, failed_tool_calls bigint, errors bigint, priced_calls bigint,
    input_tokens bigint, output_tokens bigint, total_tokens bigint, cache_read_tokens bigint, cache_creation_tokens bigint, reasoning_tokens bigint,
    total_cost numeric, latency_us_sum numeric, latency_us_max bigint, estimated_cost numeric, unpriced_calls bigint)
LANGUAGE plpgsql STABLE ROWS 500 SET jit = off SET plan_cache_mode = force_generic_plan SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
    next_hour timestamptz := of_hour + interval '1 hour';
BEGIN
    RETURN QUERY
        SELECT of_hour, service_name, environment, user_id, labels, agent_name, prompt_name, prompt_version, provider, model, kind,
            count(*) FILTER (WHERE is_call), count(*) FILTER (WHERE is_tool),
            count(*) FILTER (WHERE is_call AND failed), count(*) FILTER (WHERE is_tool AND failed), count(*) FILTER (WHERE failed),
            count(*) FILTER (WHERE is_call AND total_cost IS NOT NULL),
            coalesce(sum(input_tokens), 0)::bigint, coalesce(sum(output_tokens), 0)::bigint, coalesce(sum(total_tokens), 0)::bigint,
            coalesce(sum(cache_read_tokens), 0)::bigint, coalesce(sum(cache_creation_tokens), 0)::bigint, coalesce(sum(reasoning_tokens), 0)::bigint,
            sum(total_cost), coalesce(sum(duration_us), 0), max(duration_us), sum(estimated_cost), coalesce(sum(unpriced_calls), 0)::bigint
        FROM (
            SELECT i.service_name, i.environment, i.user_id, i.labels, i.agent_name, i.prompt_name, i.prompt_version, i.provider, i.model, i.kind,
                i.is_call, false AS is_tool, i.failed, i.input_tokens, i.output_tokens, i.total_tokens,
                i.cache_read_tokens, i.cache_creation_tokens, i.reasoning_tokens, i.total_cost, CASE WHEN i.is_call THEN i.duration_us END AS duration_us,
                i.estimated_cost, i.unpriced_calls
            FROM {{.schema}}.llm_internal_calls i
            WHERE i.start_time >= of_hour AND i.start_time < next_hour
            UNION ALL
            SELECT i.service_name, i.environment, i.user_id, i.labels, i.agent_name, i.prompt_name, i.prompt_version, NULL, NULL, i.kind,
                false, true, i.failed, NULL, NULL, NULL, NULL, NULL, NULL, NULL, i.duration_us, NULL, NULL
            FROM {{.schema}}.llm_internal_tools i
            WHERE i.start_time >= of_hour AND i.start_time < next_hour) call
        GROUP BY service_name, environment, user_id, labels, agent_name, prompt_name, prompt_version, provider, model, kind;
END
$$;

-- Stores the sums over the spans of one hour in place of those of before.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_sum_up(of_hour timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM {{.schema}}.llm_usage_hourly f WHERE f.hour = of_hour AND NOT f.dropped;
    INSERT INTO {{.schema}}.llm_usage_hourly (hour, service_name, environment, provider, model, kind, spans, calls, errors,
        input_tokens, output_tokens, total_tokens, cache_read_tokens, cache_creation_tokens, reasoning_tokens, total_cost,
        latency_us_sum, latency_us_max, latency_us_histogram, ttft_us_sum, ttft_us_max, ttft_us_histogram,
        labels, failed, error_spans, tool_calls, failed_calls, failed_tool_calls, priced_calls, estimated_cost, unpriced_calls)
    SELECT * FROM {{.schema}}.llm_usage_of(of_hour);
    DELETE FROM {{.schema}}.llm_internal_usage_parts f WHERE f.hour = of_hour AND NOT f.dropped;
    INSERT INTO {{.schema}}.llm_internal_usage_parts (hour, service_name, environment, user_id, labels, agent_name, prompt_name, prompt_version,
        provider, model, kind, calls, tool_calls, failed_calls, failed_tool_calls, errors, priced_calls,
        input_tokens, output_tokens, total_tokens, cache_read_tokens, cache_creation_tokens, reasoning_tokens, total_cost,
        latency_us_sum, latency_us_max, estimated_cost, unpriced_calls)
    SELECT * FROM {{.schema}}.llm_internal_usage_parts_of(of_hour);
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_sum_up(timestamptz) FROM PUBLIC;

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
    writers constant bigint := hashtextextended({{.schema_literal}} || '.llm_contents', 0);
BEGIN
    SELECT h.hour INTO folded FROM {{.schema}}.llm_usage_hours h
    WHERE h.folding AND {{.schema}}.llm_internal_ended(h.barrier)
    ORDER BY h.hour LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF FOUND THEN
        PERFORM {{.schema}}.llm_internal_sum_up(folded);
        DELETE FROM {{.schema}}.llm_usage_hours h WHERE h.hour = folded AND h.folding;
        RETURN folded;
    END IF;
    IF {{.schema}}.llm_internal_has_citus() AND EXISTS (SELECT FROM {{.schema}}.llm_usage_hours h WHERE h.folding AND h.barrier IS NULL) THEN
        -- Batches in flight end: they write on another server, whose transactions are not
        -- seen here, and share this lock.
        PERFORM pg_advisory_lock(writers);
        PERFORM pg_advisory_unlock(writers);
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

-- Marks the sums of a day whose spans go, so that they stay; those by user become rows
-- of the whole day.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_keep_usage(since timestamptz, until timestamptz) RETURNS void
LANGUAGE plpgsql SET "TimeZone" = 'UTC' AS $$
BEGIN
    UPDATE {{.schema}}.llm_usage_hourly f SET dropped = true
    WHERE f.hour >= since AND f.hour < until AND NOT f.dropped
        AND NOT EXISTS (SELECT FROM {{.schema}}.llm_usage_hours h WHERE h.hour = f.hour);
    WITH gone AS (
        DELETE FROM {{.schema}}.llm_internal_usage_parts f
        WHERE f.hour >= since AND f.hour < until AND NOT f.dropped
            AND NOT EXISTS (SELECT FROM {{.schema}}.llm_usage_hours h WHERE h.hour = f.hour)
        RETURNING f.*
    )
    INSERT INTO {{.schema}}.llm_internal_usage_parts (hour, service_name, environment, user_id, labels, agent_name, prompt_name, prompt_version,
        provider, model, kind, calls, tool_calls, failed_calls, failed_tool_calls, errors, priced_calls,
        input_tokens, output_tokens, total_tokens, cache_read_tokens, cache_creation_tokens, reasoning_tokens, total_cost,
        latency_us_sum, latency_us_max, estimated_cost, unpriced_calls, dropped)
    SELECT date_trunc('day', hour), service_name, environment, user_id, labels, agent_name, prompt_name, prompt_version, provider, model, kind,
        sum(calls), sum(tool_calls), sum(failed_calls), sum(failed_tool_calls), sum(errors), sum(priced_calls),
        sum(input_tokens), sum(output_tokens), sum(total_tokens), sum(cache_read_tokens), sum(cache_creation_tokens), sum(reasoning_tokens),
        sum(total_cost), sum(latency_us_sum), max(latency_us_max), sum(estimated_cost), sum(unpriced_calls), true
    FROM gone
    GROUP BY 1, service_name, environment, user_id, labels, agent_name, prompt_name, prompt_version, provider, model, kind;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_keep_usage(timestamptz, timestamptz) FROM PUBLIC;
