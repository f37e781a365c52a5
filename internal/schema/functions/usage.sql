-- Usage by the hour, so that a chart over months reads thousands of rows, see
-- migrations/006_usage.sql. What is summed up are the calls as llm_calls shows them, and
-- all other spans.

-- The sums over the spans of hours of a day, as llm_usage and as llm_usage_daily have them: of
-- all spans by kind, of calls and tools by user, agent and prompt. Folding takes both at once,
-- since reading the calls is most of the work; the views take one.
--
-- A plan is made once a session: with a month of days one for each hour took longer to make
-- than to run. Such a plan drops the partitions of other days when it starts, and is never
-- compiled, since it weighs them all. For the same reason it must look up each trace: it took
-- reading all traces, for each hour, for cheaper. since and until are variables, since the
-- planner does not add intervals. The agent around a call most often is its parent, or there is none in
-- the trace: looking for these here, and not by llm_internal_agent, took a fifth of the time.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_sums_of(of_hours timestamptz[], by_kind boolean, by_user boolean) RETURNS TABLE (per_user boolean, hour timestamptz,
    service_name text, environment text, labels jsonb, provider text, model text, kind text, failed boolean,
    user_id text, agent_name text, prompt_name text, prompt_version text,
    spans bigint, error_spans bigint, calls bigint, failed_calls bigint, priced_calls bigint, tool_calls bigint, failed_tool_calls bigint,
    input_tokens bigint, output_tokens bigint, total_tokens bigint, cache_read_tokens bigint, cache_creation_tokens bigint, reasoning_tokens bigint,
    total_cost numeric, estimated_cost numeric, unpriced_calls bigint,
    latency_us_sum numeric, latency_us_max bigint, latency_us_histogram bigint[], ttft_us_sum numeric, ttft_us_max bigint, ttft_us_histogram bigint[])
LANGUAGE plpgsql STABLE ROWS 500 SET "TimeZone" = 'UTC' SET work_mem = '16MB' SET jit = off SET plan_cache_mode = force_generic_plan SET enable_hashjoin = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
    since timestamptz := (SELECT min(h) FROM unnest(of_hours) h);
    until timestamptz := (SELECT max(h) FROM unnest(of_hours) h) + interval '1 hour';
BEGIN
    RETURN QUERY
        WITH part AS MATERIALIZED (
            SELECT grouping(latency_bucket) > 0 AS per_user, has_user, hour,
                service_name, environment, labels, kind, provider, model, failed, latency_bucket, ttft_bucket,
                user_id, agent_name, prompt_name, prompt_version, user_provider, user_model,
                count(*) AS measured, count(*) FILTER (WHERE is_span) AS spans, count(*) FILTER (WHERE is_span AND failed) AS error_spans,
                count(*) FILTER (WHERE is_call) AS calls, count(*) FILTER (WHERE is_call AND failed) AS failed_calls,
                count(*) FILTER (WHERE is_call AND total_cost IS NOT NULL) AS priced_calls,
                count(*) FILTER (WHERE is_tool) AS tool_calls, count(*) FILTER (WHERE is_tool AND failed) AS failed_tool_calls,
                coalesce(sum(input_tokens), 0) AS input_tokens,
                coalesce(sum(output_tokens), 0) AS output_tokens,
                coalesce(sum(total_tokens), 0) AS total_tokens,
                coalesce(sum(cache_read_tokens), 0) AS cache_read_tokens,
                coalesce(sum(cache_creation_tokens), 0) AS cache_creation_tokens,
                coalesce(sum(reasoning_tokens), 0) AS reasoning_tokens,
                sum(total_cost) AS total_cost, sum(estimated_cost) AS estimated_cost, coalesce(sum(unpriced_calls), 0) AS unpriced_calls,
                coalesce(sum(latency_us), 0) AS latency_us, min(latency_us) AS latency_us_min, max(latency_us) AS latency_us_max,
                coalesce(sum(ttft_us), 0) AS ttft_us, min(ttft_us) AS ttft_us_min, max(ttft_us) AS ttft_us_max
            FROM (
                SELECT r.*, {{.schema}}.llm_histogram_bucket(r.latency_us) AS latency_bucket, {{.schema}}.llm_histogram_bucket(r.ttft_us) AS ttft_bucket,
                    CASE WHEN r.has_user THEN coalesce(r.own_agent_name, CASE WHEN r.trace_spans > 1 THEN coalesce(
                        (SELECT min(o.agent_name) FROM {{.schema}}.llm_spans o
                            WHERE o.trace_id = r.trace_id AND o.span_id = r.parent_span_id AND o.start_time BETWEEN r.trace_start AND r.trace_end),
                        CASE WHEN r.trace_spans > 64 OR EXISTS (SELECT FROM {{.schema}}.llm_spans o
                                WHERE o.trace_id = r.trace_id AND o.start_time BETWEEN r.trace_start AND r.trace_end AND o.agent_name IS NOT NULL)
                            THEN {{.schema}}.llm_internal_agent(r.trace_id, r.span_id, r.parent_span_id, r.trace_spans, r.trace_start, r.trace_end) END) END) END AS agent_name
                FROM (
                    SELECT date_trunc('hour', i.start_time) AS hour, i.service_name, i.environment, i.labels, i.kind, i.provider, i.model, i.failed, i.is_call AS is_span, i.is_call, false AS is_tool,
                        i.input_tokens, i.output_tokens, i.total_tokens, i.cache_read_tokens, i.cache_creation_tokens, i.reasoning_tokens,
                        i.total_cost, i.estimated_cost, i.unpriced_calls,
                        CASE WHEN i.is_call THEN i.duration_us END AS latency_us,
                        CASE WHEN i.is_call AND i.ttft_ms BETWEEN 0 AND 1e12 THEN (i.ttft_ms * 1000)::bigint END AS ttft_us,
                        by_user AS has_user, CASE WHEN by_user THEN i.user_id END AS user_id,
                        i.provider AS user_provider, i.model AS user_model,
                        CASE WHEN by_user THEN i.prompt_name END AS prompt_name, CASE WHEN by_user THEN i.prompt_version END AS prompt_version,
                        i.own_agent_name, i.trace_id, i.span_id, i.parent_span_id, i.trace_spans, i.trace_start, i.trace_end
                    FROM {{.schema}}.llm_internal_calls i
                    WHERE i.start_time >= since AND i.start_time < until AND date_trunc('hour', i.start_time) = ANY (of_hours)
                    UNION ALL
                    SELECT date_trunc('hour', s.start_time), s.service_name, coalesce(s.environment, t.environment), coalesce(t.labels || s.labels, s.labels, t.labels), s.kind,
                        s.provider, {{.schema}}.llm_model_name(coalesce(s.response_model, s.request_model)), s.error_type IS NOT NULL,
                        true, false, s.counted IS TRUE,
                        NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                        CASE WHEN s.counted IS NOT FALSE THEN s.duration_us END,
                        CASE WHEN s.counted IS NOT FALSE AND s.ttft_ms BETWEEN 0 AND 1e12 THEN (s.ttft_ms * 1000)::bigint END,
                        k.has_user, CASE WHEN k.has_user THEN coalesce(s.user_id, t.user_id) END, NULL, NULL,
                        CASE WHEN k.has_user THEN s.prompt_name END, CASE WHEN k.has_user THEN s.prompt_version END,
                        s.agent_name, s.trace_id, s.span_id, s.parent_span_id, t.span_count, t.start_time, t.end_time
                    FROM {{.schema}}.llm_spans s LEFT JOIN {{.schema}}.llm_traces t ON t.id = s.trace_id
                    CROSS JOIN LATERAL (SELECT by_user AND s.kind = 'tool' AND s.counted IS TRUE AS has_user) k
                    WHERE s.start_time >= since AND s.start_time < until AND date_trunc('hour', s.start_time) = ANY (of_hours) AND (by_kind OR k.has_user)
                        AND (s.kind NOT IN ('llm', 'embedding', 'reranker') OR s.counted IS NOT TRUE)) r) span
            GROUP BY GROUPING SETS (
                (hour, service_name, environment, labels, kind, provider, model, failed, latency_bucket, ttft_bucket),
                (hour, service_name, environment, labels, kind, has_user, user_id, agent_name, prompt_name, prompt_version, user_provider, user_model)))
        SELECT false, hour, service_name, environment, labels, provider, model, kind, failed, NULL, NULL, NULL, NULL,
            sum(spans)::bigint, sum(error_spans)::bigint, sum(calls)::bigint, sum(failed_calls)::bigint, sum(priced_calls)::bigint,
            sum(tool_calls)::bigint, sum(failed_tool_calls)::bigint,
            {{.schema}}.llm_internal_bigint(sum(input_tokens)), {{.schema}}.llm_internal_bigint(sum(output_tokens)), {{.schema}}.llm_internal_bigint(sum(total_tokens)),
            {{.schema}}.llm_internal_bigint(sum(cache_read_tokens)), {{.schema}}.llm_internal_bigint(sum(cache_creation_tokens)), {{.schema}}.llm_internal_bigint(sum(reasoning_tokens)),
            sum(total_cost), sum(estimated_cost), sum(unpriced_calls)::bigint,
            sum(latency_us), max(latency_us_max),
            {{.schema}}.llm_histogram_bounded({{.schema}}.llm_histogram(latency_bucket, measured), min(latency_us_min), max(latency_us_max)),
            sum(ttft_us), max(ttft_us_max),
            {{.schema}}.llm_histogram_bounded({{.schema}}.llm_histogram(ttft_bucket, measured), min(ttft_us_min), max(ttft_us_max))
        FROM part WHERE by_kind AND NOT per_user
        GROUP BY hour, service_name, environment, labels, provider, model, kind, failed
        UNION ALL
        SELECT true, hour, service_name, environment, labels, user_provider, user_model, kind, NULL, user_id, agent_name, prompt_name, prompt_version,
            spans, error_spans, calls, failed_calls, priced_calls, tool_calls, failed_tool_calls,
            {{.schema}}.llm_internal_bigint(input_tokens), {{.schema}}.llm_internal_bigint(output_tokens), {{.schema}}.llm_internal_bigint(total_tokens), {{.schema}}.llm_internal_bigint(cache_read_tokens), {{.schema}}.llm_internal_bigint(cache_creation_tokens), {{.schema}}.llm_internal_bigint(reasoning_tokens),
            total_cost, estimated_cost, unpriced_calls, latency_us, latency_us_max, NULL, NULL, NULL, NULL
        FROM part WHERE per_user AND has_user;
END
$$;

CREATE OR REPLACE FUNCTION {{.schema}}.llm_usage_of(of_hour timestamptz) RETURNS TABLE (hour timestamptz, service_name text, environment text, provider text, model text, kind text,
    spans bigint, calls bigint, errors bigint, input_tokens bigint, output_tokens bigint, total_tokens bigint,
    cache_read_tokens bigint, cache_creation_tokens bigint, reasoning_tokens bigint, total_cost numeric,
    latency_us_sum numeric, latency_us_max bigint, latency_us_histogram bigint[], ttft_us_sum numeric, ttft_us_max bigint, ttft_us_histogram bigint[],
    labels jsonb, failed boolean, error_spans bigint, tool_calls bigint, failed_calls bigint, failed_tool_calls bigint, priced_calls bigint,
    estimated_cost numeric, unpriced_calls bigint)
LANGUAGE sql STABLE ROWS 50 AS $$
SELECT of_hour, service_name, environment, provider, model, kind, spans, calls, failed_calls + failed_tool_calls,
    input_tokens, output_tokens, total_tokens, cache_read_tokens, cache_creation_tokens, reasoning_tokens, total_cost,
    latency_us_sum, latency_us_max, latency_us_histogram, ttft_us_sum, ttft_us_max, ttft_us_histogram,
    labels, failed, error_spans, tool_calls, failed_calls, failed_tool_calls, priced_calls, estimated_cost, unpriced_calls
FROM {{.schema}}.llm_internal_sums_of(ARRAY[of_hour], true, false)
$$;

-- The sums over the calls and tools of one hour by user, agent and prompt.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_usage_parts_of(of_hour timestamptz) RETURNS TABLE (hour timestamptz, service_name text, environment text, user_id text, labels jsonb, agent_name text,
    prompt_name text, prompt_version text, provider text, model text, kind text,
    calls bigint, tool_calls bigint, failed_calls bigint, failed_tool_calls bigint, errors bigint, priced_calls bigint,
    input_tokens bigint, output_tokens bigint, total_tokens bigint, cache_read_tokens bigint, cache_creation_tokens bigint, reasoning_tokens bigint,
    total_cost numeric, latency_us_sum numeric, latency_us_max bigint, estimated_cost numeric, unpriced_calls bigint)
LANGUAGE sql STABLE ROWS 500 AS $$
SELECT of_hour, service_name, environment, user_id, labels, agent_name, prompt_name, prompt_version, provider, model, kind,
    calls, tool_calls, failed_calls, failed_tool_calls, failed_calls + failed_tool_calls, priced_calls,
    input_tokens, output_tokens, total_tokens, cache_read_tokens, cache_creation_tokens, reasoning_tokens,
    total_cost, latency_us_sum, latency_us_max, estimated_cost, unpriced_calls
FROM {{.schema}}.llm_internal_sums_of(ARRAY[of_hour], false, true)
$$;

-- Stores the sums over the spans of hours of a day in place of those of before.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_sum_up(of_hours timestamptz[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM {{.schema}}.llm_usage_hourly f WHERE f.hour = ANY (of_hours) AND NOT f.dropped;
    DELETE FROM {{.schema}}.llm_internal_usage_parts f WHERE f.hour = ANY (of_hours) AND NOT f.dropped;
    WITH sums AS MATERIALIZED (
        SELECT * FROM {{.schema}}.llm_internal_sums_of(of_hours, true, true)
    ), hourly AS (
        INSERT INTO {{.schema}}.llm_usage_hourly (hour, service_name, environment, provider, model, kind, spans, calls, errors,
            input_tokens, output_tokens, total_tokens, cache_read_tokens, cache_creation_tokens, reasoning_tokens, total_cost,
            latency_us_sum, latency_us_max, latency_us_histogram, ttft_us_sum, ttft_us_max, ttft_us_histogram,
            labels, failed, error_spans, tool_calls, failed_calls, failed_tool_calls, priced_calls, estimated_cost, unpriced_calls)
        SELECT hour, service_name, environment, provider, model, kind, spans, calls, failed_calls + failed_tool_calls,
            input_tokens, output_tokens, total_tokens, cache_read_tokens, cache_creation_tokens, reasoning_tokens, total_cost,
            latency_us_sum, latency_us_max, latency_us_histogram, ttft_us_sum, ttft_us_max, ttft_us_histogram,
            labels, failed, error_spans, tool_calls, failed_calls, failed_tool_calls, priced_calls, estimated_cost, unpriced_calls
        FROM sums WHERE NOT per_user
    )
    INSERT INTO {{.schema}}.llm_internal_usage_parts (hour, service_name, environment, user_id, labels, agent_name, prompt_name, prompt_version,
        provider, model, kind, calls, tool_calls, failed_calls, failed_tool_calls, errors, priced_calls,
        input_tokens, output_tokens, total_tokens, cache_read_tokens, cache_creation_tokens, reasoning_tokens, total_cost,
        latency_us_sum, latency_us_max, estimated_cost, unpriced_calls)
    SELECT hour, service_name, environment, user_id, labels, agent_name, prompt_name, prompt_version,
        provider, model, kind, calls, tool_calls, failed_calls, failed_tool_calls, failed_calls + failed_tool_calls, priced_calls,
        input_tokens, output_tokens, total_tokens, cache_read_tokens, cache_creation_tokens, reasoning_tokens, total_cost,
        latency_us_sum, latency_us_max, estimated_cost, unpriced_calls
    FROM sums WHERE per_user;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_sum_up(timestamptz[]) FROM PUBLIC;

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

-- Folds hours of a day and returns the first, or prepares hours that ended before a time; null
-- when it folded none. Each call has a transaction of its own. Where prices have changed, most
-- hours of a day are folded again, and their spans are no longer stored in the order of time:
-- one look at the day for each hour took as long as all else. So it takes as many hours as had
-- 50,000 spans, whose sums fit into work_mem, one where that is not known.
--
-- A batch that has noted its hour, or found it noted, and has not committed yet
-- must not be missed. So the note is moved aside first: batches that look later
-- make a new one. The next transaction draws a barrier, and once all transactions
-- from before it have ended, everything stored under the old note can be seen.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_fold_usage(ended_before timestamptz) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    folded timestamptz[];
    mine xid8;
    writers constant bigint := hashtextextended({{.schema_literal}} || '.llm_contents', 0);
BEGIN
    WITH ready AS MATERIALIZED (
        SELECT h.hour FROM {{.schema}}.llm_usage_hours h
        WHERE h.folding AND h.barrier IN (
            SELECT b.barrier FROM (SELECT DISTINCT n.barrier FROM {{.schema}}.llm_usage_hours n WHERE n.folding OFFSET 0) b
            WHERE {{.schema}}.llm_internal_ended(b.barrier))
        ORDER BY h.hour LIMIT 24 FOR UPDATE OF h SKIP LOCKED
    ), sized AS (
        SELECT r.hour, min(r.hour) OVER () AS first,
            sum((SELECT coalesce(sum(f.spans), 50000) FROM {{.schema}}.llm_usage_hourly f WHERE f.hour = r.hour AND NOT f.dropped)) OVER (ORDER BY r.hour) AS spans
        FROM ready r
    )
    SELECT array_agg(s.hour ORDER BY s.hour) INTO folded FROM sized s
    WHERE s.hour = s.first OR s.spans <= 50000 AND date_trunc('day', s.hour, 'UTC') = date_trunc('day', s.first, 'UTC');
    IF folded IS NOT NULL THEN
        PERFORM {{.schema}}.llm_internal_sum_up(folded);
        DELETE FROM {{.schema}}.llm_usage_hours h WHERE h.hour = ANY (folded) AND h.folding;
        RETURN folded[1];
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
        {{.schema}}.llm_internal_bigint(sum(input_tokens)), {{.schema}}.llm_internal_bigint(sum(output_tokens)), {{.schema}}.llm_internal_bigint(sum(total_tokens)), {{.schema}}.llm_internal_bigint(sum(cache_read_tokens)), {{.schema}}.llm_internal_bigint(sum(cache_creation_tokens)), {{.schema}}.llm_internal_bigint(sum(reasoning_tokens)),
        sum(total_cost), sum(latency_us_sum), max(latency_us_max), sum(estimated_cost), sum(unpriced_calls), true
    FROM gone
    GROUP BY 1, service_name, environment, user_id, labels, agent_name, prompt_name, prompt_version, provider, model, kind;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_keep_usage(timestamptz, timestamptz) FROM PUBLIC;

-- Of the version before.
DROP FUNCTION IF EXISTS {{.schema}}.llm_internal_sum_up(timestamptz);
