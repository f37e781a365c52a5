-- Removes spans, and counts anew what is left of their traces.

-- Counts what is left of a trace anew, as docs/counting.md defines it, and stores which calls
-- side by side are one. What lies below a span is known by what matters of it, not by
-- span, so the work grows with the trace and not with its depth. Calls side by side that
-- are one have a key in common.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_count_again(of_trace uuid, since timestamptz, until timestamptz) RETURNS void
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET enable_nestloop = off SET jit = off AS $$
DECLARE
    found record;
BEGIN
WITH RECURSIVE spans AS MATERIALIZED (
    SELECT s.span_id, s.parent_span_id, s.start_time, s.end_time, s.kind, s.source, s.scope_name, s.response_id, s.input_tokens, s.output_tokens,
        s.tool_name, s.tool_call_id, CASE WHEN s.event_words & 16 > 0 THEN NULL ELSE s.tool_arguments_id END AS tool_arguments_id,
        -- Words from log records change nothing of what counts.
        CASE WHEN s.event_words & 2 > 0 THEN NULL ELSE s.output_message_ids[1] END AS first_output,
        CASE WHEN s.event_words & 1 > 0 THEN NULL ELSE s.input_message_ids[cardinality(s.input_message_ids)] END AS last_input,
        s.kind IN ('llm', 'embedding', 'reranker') AS is_model, s.kind IN ('agent', 'chain') AS is_group,
        CASE WHEN s.kind IN ('agent', 'chain') THEN coalesce(s.aggregate_usage ->> 'input_tokens', s.aggregate_usage ->> 'output_tokens', s.aggregate_usage ->> 'total_tokens') IS NOT NULL
            ELSE coalesce(s.input_tokens, s.output_tokens, s.total_tokens) IS NOT NULL END AS tells_tokens,
        CASE WHEN s.kind IN ('agent', 'chain') THEN s.aggregate_usage ->> 'total_cost' IS NOT NULL ELSE s.total_cost IS NOT NULL END AS tells_cost,
        {{.failed s}} AS failed,
        nullif(array_remove(ARRAY[regexp_replace(s.request_model, '^.*/', ''), regexp_replace(s.response_model, '^.*/', '')], NULL), '{}') AS models
    FROM {{.schema}}.llm_spans s WHERE s.trace_id = of_trace AND s.start_time BETWEEN since AND until
), keyed AS (
    SELECT s.*, k.key FROM spans s
    CROSS JOIN LATERAL unnest(CASE
        WHEN s.is_model THEN ARRAY['response ' || s.response_id, 'tokens ' || s.input_tokens || ' ' || s.output_tokens, 'output ' || s.output_tokens,
            'answer ' || s.first_output, 'question ' || s.last_input, CASE WHEN s.failed THEN 'failed' END]
        WHEN s.kind = 'tool' THEN ARRAY['call ' || s.tool_call_id || s.tool_name, 'arguments ' || s.tool_arguments_id || s.tool_name]
        END) AS k (key)
    WHERE k.key IS NOT NULL AND s.source IS DISTINCT FROM 'event'
), alike AS (
    SELECT DISTINCT i.span_id AS inner_id, o.span_id AS outer_id
    FROM keyed i JOIN keyed o ON o.kind = i.kind AND o.key = i.key
    WHERE o.span_id <> i.span_id AND o.scope_name IS DISTINCT FROM i.scope_name
        AND (NOT starts_with(i.key, 'output ') OR coalesce(i.input_tokens, 0) = 0 OR coalesce(o.input_tokens, 0) = 0)
        AND i.start_time >= o.start_time AND i.end_time <= o.end_time
        AND ((i.start_time, i.end_time) <> (o.start_time, o.end_time) OR i.span_id > o.span_id)
        AND CASE WHEN o.is_model THEN
            o.response_id = i.response_id OR o.input_tokens = i.input_tokens AND o.output_tokens = i.output_tokens
            OR (o.models IS NULL OR i.models IS NULL
                OR EXISTS (SELECT FROM unnest(o.models) x CROSS JOIN unnest(i.models) y WHERE starts_with(x, y) OR starts_with(y, x)))
            AND (o.first_output = i.first_output AND (o.last_input = i.last_input OR o.last_input IS NULL OR i.last_input IS NULL)
                OR (o.first_output IS NULL OR i.first_output IS NULL) AND o.last_input = i.last_input
                OR (o.failed AND i.failed OR o.output_tokens = i.output_tokens AND (coalesce(o.input_tokens, 0) = 0 OR coalesce(i.input_tokens, 0) = 0))
                    AND o.models IS NOT NULL AND i.models IS NOT NULL)
        ELSE o.tool_name = i.tool_name AND (o.tool_call_id = i.tool_call_id
            OR (o.tool_call_id IS NULL OR i.tool_call_id IS NULL) AND o.tool_arguments_id = i.tool_arguments_id) END
), above AS ( -- the outer ones
    SELECT s.span_id, s.parent_span_id AS ancestor FROM spans s WHERE s.parent_span_id IS NOT NULL AND s.span_id IN (SELECT a.outer_id FROM alike a)
    UNION
    SELECT a.span_id, s.parent_span_id FROM above a JOIN spans s ON s.span_id = a.ancestor WHERE s.parent_span_id IS NOT NULL
), pairs AS MATERIALIZED (
    SELECT a.inner_id, a.outer_id FROM alike a WHERE NOT EXISTS (SELECT FROM above u WHERE u.span_id = a.outer_id AND u.ancestor = a.inner_id)
), edges AS MATERIALIZED (
    SELECT s.span_id AS inner_id, s.parent_span_id AS outer_id FROM spans s WHERE s.parent_span_id IS NOT NULL
    UNION
    SELECT p.inner_id, p.outer_id FROM pairs p
), below AS (
    SELECT e.outer_id AS span_id, s.kind, s.is_model, s.is_group, s.tool_name, s.tool_call_id, s.failed, s.tells_tokens, s.tells_cost
    FROM spans s JOIN edges e ON e.inner_id = s.span_id WHERE s.is_model OR s.is_group OR s.kind = 'tool'
    UNION
    SELECT e.outer_id, b.kind, b.is_model, b.is_group, b.tool_name, b.tool_call_id, b.failed, b.tells_tokens, b.tells_cost
    FROM below b JOIN edges e ON e.inner_id = b.span_id
), repeated AS (
    SELECT s.span_id,
        bool_or(b.kind = s.kind AND (s.is_model AND (s.failed OR NOT b.failed)
            OR s.kind = 'tool' AND b.tool_name IS NOT DISTINCT FROM s.tool_name AND coalesce(b.tool_call_id = s.tool_call_id, true))) AS call,
        bool_or(b.tells_tokens AND b.kind = s.kind) AS tokens, bool_or(b.tells_cost AND b.kind = s.kind) AS cost,
        bool_or(b.tells_tokens AND (b.is_model OR b.is_group)) AS any_tokens, bool_or(b.tells_cost AND (b.is_model OR b.is_group)) AS any_cost
    FROM below b JOIN spans s ON s.span_id = b.span_id GROUP BY s.span_id
), with_events AS MATERIALIZED (
    SELECT p.inner_span_id, p.outer_span_id, p.effects FROM {{.schema}}.llm_internal_pairs p WHERE p.trace_id = of_trace AND p.effects IS NOT NULL
), around AS ( -- such an event
    SELECT e.inner_id AS span_id, e.outer_id AS ancestor FROM edges e WHERE e.inner_id IN (SELECT p.outer_span_id FROM with_events p)
    UNION
    SELECT a.span_id, e.outer_id FROM around a JOIN edges e ON e.inner_id = a.ancestor
), of_events AS ( -- what follows from pairs with events, see trace.Effects; of an event below its span, the nesting says it already
    SELECT u.span_id, bool_or(u.call) AS call, bool_or(u.tokens) AS tokens, bool_or(u.cost) AS cost FROM (
        SELECT p.outer_span_id AS span_id, p.effects & 1 > 0 AS call, p.effects & 2 > 0 AS tokens, p.effects & 4 > 0 AS cost
        FROM with_events p WHERE NOT EXISTS (SELECT FROM around a WHERE a.span_id = p.outer_span_id AND a.ancestor = p.inner_span_id)
        UNION ALL
        SELECT p.inner_span_id, false, p.effects & 8 > 0, false
        FROM with_events p WHERE NOT EXISTS (SELECT FROM around a WHERE a.span_id = p.outer_span_id AND a.ancestor = p.inner_span_id)) u
    GROUP BY u.span_id
), counted AS (
    SELECT s.span_id, s.start_time, s.is_model OR s.is_group AS may_tell,
        CASE WHEN s.is_model OR s.kind = 'tool' THEN NOT coalesce(r.call, false) AND NOT coalesce(e.call, false) END AS counted,
        CASE WHEN s.tells_tokens OR s.tells_cost THEN NOT coalesce(CASE WHEN s.is_model THEN r.tokens ELSE r.any_tokens END, false)
            AND NOT coalesce(e.tokens, false) END AS usage_counted,
        CASE WHEN s.tells_tokens OR s.tells_cost THEN NOT coalesce(CASE WHEN s.is_model THEN r.cost ELSE r.any_cost END, false)
            AND NOT coalesce(e.cost, false) END AS cost_counted
    FROM spans s LEFT JOIN repeated r ON r.span_id = s.span_id LEFT JOIN of_events e ON e.span_id = s.span_id
)
SELECT p.inner_ids, p.outer_ids, c.ids, c.times, c.may_tell, c.counted, c.usage_counted, c.cost_counted INTO found
FROM (SELECT array_agg(p.inner_id) AS inner_ids, array_agg(p.outer_id) AS outer_ids FROM pairs p) p
CROSS JOIN (SELECT array_agg(c.span_id) AS ids, array_agg(c.start_time) AS times, array_agg(c.may_tell) AS may_tell, array_agg(c.counted) AS counted,
    array_agg(c.usage_counted) AS usage_counted, array_agg(c.cost_counted) AS cost_counted FROM counted c) c;
INSERT INTO {{.schema}}.llm_internal_pairs (trace_id, inner_span_id, outer_span_id)
SELECT of_trace, p.inner_id, p.outer_id FROM unnest(found.inner_ids, found.outer_ids) AS p (inner_id, outer_id);
UPDATE {{.schema}}.llm_spans s SET counted = c.counted,
    usage_counted = CASE WHEN c.may_tell THEN c.usage_counted ELSE s.usage_counted END,
    cost_counted = CASE WHEN c.may_tell THEN c.cost_counted ELSE s.cost_counted END
FROM unnest(found.ids, found.times, found.may_tell, found.counted, found.usage_counted, found.cost_counted)
    AS c (span_id, start_time, may_tell, counted, usage_counted, cost_counted)
WHERE s.trace_id = of_trace AND s.start_time BETWEEN since AND until AND s.span_id = c.span_id AND s.start_time = c.start_time
    AND (s.counted IS DISTINCT FROM c.counted
        OR c.may_tell AND (s.usage_counted, s.cost_counted) IS DISTINCT FROM (c.usage_counted, c.cost_counted));
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_count_again(uuid, timestamptz, timestamptz) FROM PUBLIC;

-- Which estimates of what is left of a trace count: those of calls whose cost nobody
-- reports, neither below nor above them.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_count_estimates_again(of_trace uuid, since timestamptz, until timestamptz) RETURNS void
LANGUAGE plpgsql SET enable_nestloop = off SET jit = off AS $$
BEGIN
WITH RECURSIVE spans AS MATERIALIZED (
    SELECT s.span_id, s.start_time, s.parent_span_id, s.kind,
        s.cost_counted AND CASE WHEN s.kind IN ('agent', 'chain') THEN s.aggregate_usage ->> 'total_cost' IS NOT NULL
            ELSE s.kind IN ('llm', 'embedding', 'reranker') AND s.total_cost IS NOT NULL END AS tells_cost,
        s.kind IN ('llm', 'embedding', 'reranker') AND coalesce(s.input_tokens, s.output_tokens, s.total_tokens) IS NOT NULL AS has_tokens,
        s.usage_counted AND s.cost_counted AND s.total_cost IS NULL AS lacks_cost
    FROM {{.schema}}.llm_spans s WHERE s.trace_id = of_trace AND s.start_time BETWEEN since AND until
), edges AS MATERIALIZED (
    SELECT s.parent_span_id AS outer_id, s.span_id AS inner_id FROM spans s WHERE s.parent_span_id IS NOT NULL
    UNION
    SELECT p.outer_span_id, p.inner_span_id FROM {{.schema}}.llm_internal_pairs p WHERE p.trace_id = of_trace
), covered AS (
    SELECT e.inner_id AS span_id, CASE WHEN s.kind NOT IN ('agent', 'chain') THEN s.kind END AS kind FROM spans s JOIN edges e ON e.outer_id = s.span_id WHERE s.tells_cost
    UNION
    SELECT e.inner_id, c.kind FROM covered c JOIN edges e ON e.outer_id = c.span_id
)
UPDATE {{.schema}}.llm_spans s SET estimate_counted = i.lacks_cost AND i.has_tokens
    AND NOT EXISTS (SELECT FROM covered c WHERE c.span_id = i.span_id AND coalesce(c.kind, i.kind) = i.kind)
    AND NOT EXISTS (SELECT FROM {{.schema}}.llm_internal_pairs p WHERE p.trace_id = of_trace AND p.inner_span_id = i.span_id AND p.effects & 16 > 0) -- trace.InnerPriced
FROM spans i
WHERE s.trace_id = of_trace AND s.start_time BETWEEN since AND until AND s.span_id = i.span_id AND s.start_time = i.start_time AND i.has_tokens;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_count_estimates_again(uuid, timestamptz, timestamptz) FROM PUBLIC;

-- Makes the row of a trace anew from the spans that are left. Its provenance is that of
-- a row of another program: the next batch that brings a span counts the trace anew.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_roll_up(of_trace uuid, since timestamptz, until timestamptz) RETURNS void
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    sums record;
    root record;
    said record;
    names text[];
    all_tags text[];
    all_models text[];
    all_labels jsonb;
BEGIN
    SELECT min(s.start_time) AS first, max(s.end_time) AS last, count(*) AS spans,
        count(*) FILTER (WHERE s.kind = 'llm' AND s.counted) AS llm, count(*) FILTER (WHERE s.kind = 'tool' AND s.counted) AS tool,
        count(*) FILTER (WHERE s.counted AND (s.status = 'error' OR s.error_type IS NOT NULL)) AS errors,
        sum(coalesce(s.input_tokens, {{.schema}}.llm_internal_bigint({{.schema}}.llm_internal_number(s.aggregate_usage -> 'input_tokens')))) FILTER (WHERE s.usage_counted) AS input,
        sum(coalesce(s.output_tokens, {{.schema}}.llm_internal_bigint({{.schema}}.llm_internal_number(s.aggregate_usage -> 'output_tokens')))) FILTER (WHERE s.usage_counted) AS output,
        sum(coalesce(s.total_tokens, {{.schema}}.llm_internal_bigint({{.schema}}.llm_internal_number(s.aggregate_usage -> 'total_tokens')))) FILTER (WHERE s.usage_counted) AS total,
        sum(coalesce(s.total_cost, {{.schema}}.llm_internal_number(s.aggregate_usage -> 'total_cost'))) FILTER (WHERE s.cost_counted) AS cost,
        sum(s.estimated_cost) FILTER (WHERE s.estimate_counted) AS counted_estimate, sum(s.estimated_cost) FILTER (WHERE s.usage_counted) AS estimate,
        count(*) FILTER (WHERE s.estimate_counted AND s.estimated_cost IS NULL) AS unpriced,
        array_agg(DISTINCT coalesce(s.request_model, s.response_model) COLLATE "C") FILTER (WHERE s.kind IN ('llm', 'embedding', 'reranker')
            AND coalesce(s.request_model, s.response_model) IS NOT NULL) AS models
    INTO sums FROM {{.schema}}.llm_spans s WHERE s.trace_id = of_trace AND s.start_time BETWEEN since AND until;
    SELECT s.* INTO root FROM {{.schema}}.llm_spans s
    WHERE s.trace_id = of_trace AND s.start_time BETWEEN since AND until AND s.parent_span_id IS NULL
        AND NOT (coalesce(s.source = 'event', false) AND s.kind IN ('llm', 'embedding', 'reranker', 'tool'))
    ORDER BY s.start_time, s.span_id LIMIT 1;
    names := ARRAY[root.name, root.service_name, root.environment, root.release, root.user_id, root.session_id];
    FOR said IN
        SELECT DISTINCT ON (f.n) f.n, f.value
        FROM {{.schema}}.llm_spans s
        CROSS JOIN LATERAL unnest(ARRAY[s.name, s.service_name, s.environment, s.release, s.user_id, s.session_id]) WITH ORDINALITY AS f (value, n)
        WHERE s.trace_id = of_trace AND s.start_time BETWEEN since AND until AND f.value <> ''
        ORDER BY f.n, s.start_time, s.span_id
    LOOP
        names[said.n] := coalesce(nullif(names[said.n], ''), said.value);
    END LOOP;
    -- In variables of their own, since Citus takes neither elements of arrays nor subqueries
    -- in what an UPDATE sets.
    SELECT coalesce(names[1], '') AS name, names[2] AS service_name, names[3] AS environment, names[4] AS release,
        names[5] AS user_id, names[6] AS session_id INTO said;
    -- As many as the exporter keeps of either in a row: dialect.MaxEntries.
    all_models := sums.models[1:1000];
    all_tags := (SELECT array_agg(DISTINCT u.tag COLLATE "C") FROM {{.schema}}.llm_spans s CROSS JOIN LATERAL unnest(s.tags) AS u (tag)
        WHERE s.trace_id = of_trace AND s.start_time BETWEEN since AND until);
    all_tags := all_tags[1:1000];
    all_labels := (SELECT jsonb_object_agg(l.key, l.value) FROM (
        SELECT DISTINCT ON (e.key) e.key, e.value FROM {{.schema}}.llm_spans s
        CROSS JOIN LATERAL jsonb_each(CASE WHEN jsonb_typeof(s.labels) = 'object' THEN s.labels END) e
        WHERE s.trace_id = of_trace AND s.start_time BETWEEN since AND until
        ORDER BY e.key, (s.span_id, s.start_time) IS DISTINCT FROM (root.span_id, root.start_time), s.start_time, s.span_id) l);
    UPDATE {{.schema}}.llm_traces t SET
        start_time = sums.first, end_time = sums.last, duration_us = CASE WHEN isfinite(sums.last) AND isfinite(sums.first) THEN {{.schema}}.llm_internal_bigint(extract(epoch FROM sums.last - sums.first) * 1000000) END,
        updated_at = now(), span_count = sums.spans, llm_call_count = sums.llm, tool_call_count = sums.tool, error_count = sums.errors,
        input_tokens = coalesce({{.schema}}.llm_internal_bigint(sums.input), 0), output_tokens = coalesce({{.schema}}.llm_internal_bigint(sums.output), 0),
        total_tokens = coalesce({{.schema}}.llm_internal_bigint(sums.total), 0), total_cost = coalesce(sums.cost + sums.counted_estimate, sums.cost, sums.counted_estimate),
        estimated_cost = sums.estimate, unpriced_calls = sums.unpriced, models = coalesce(all_models, '{}'),
        tags = coalesce(all_tags, '{}'), labels = all_labels,
        root_span_id = root.span_id, status = coalesce(root.status, 'unset'),
        name = said.name, service_name = said.service_name, environment = said.environment, release = said.release,
        user_id = said.user_id, session_id = said.session_id,
        origins = DEFAULT
    WHERE t.id = of_trace;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_roll_up(uuid, timestamptz, timestamptz) FROM PUBLIC;

-- Removes what counting keeps of traces between batches. Pairs with events stay as long as
-- the trace: they hold across traces too.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_forget_counting(of_traces uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM {{.schema}}.llm_internal_awaited_spans WHERE trace_id = ANY (of_traces);
    DELETE FROM {{.schema}}.llm_internal_pairs p WHERE p.trace_id = ANY (of_traces)
        AND (p.effects IS NULL OR NOT EXISTS (SELECT FROM {{.schema}}.llm_traces t WHERE t.id = p.trace_id));
    DELETE FROM {{.schema}}.llm_internal_call_keys WHERE trace_id = ANY (of_traces);
    DELETE FROM {{.schema}}.llm_internal_nested_tools WHERE trace_id = ANY (of_traces);
    DELETE FROM {{.schema}}.llm_awaited_spans WHERE trace_id = ANY (of_traces);
    DELETE FROM {{.schema}}.llm_side_by_side WHERE trace_id = ANY (of_traces);
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_forget_counting(uuid[]) FROM PUBLIC;

-- Removes spans; of traces that have others left, what is counted follows. Returns how
-- many traces are gone. Batches wait meanwhile, so traces of which nothing is left, which
-- most are, go together.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_remove_spans(of_traces uuid[], of_spans text[], of_times timestamptz[])
RETURNS TABLE (traces bigint, spans bigint)
LANGUAGE plpgsql SET "TimeZone" = 'UTC' SET plan_cache_mode = force_custom_plan SET enable_seqscan = off SET enable_mergejoin = off SET jit = off AS $$
#variable_conflict use_column
DECLARE
    one record;
    removed bigint;
    left_over uuid[];
    gone uuid[];
    unnamed uuid[];
    gone_hex text[];
    hours timestamptz[];
BEGIN
    spans := 0;
    PERFORM FROM {{.schema}}.llm_traces t WHERE t.id = ANY (of_traces) ORDER BY t.trace_id FOR UPDATE;
    INSERT INTO {{.schema}}.llm_usage_hours (hour)
    SELECT DISTINCT date_trunc('hour', u.start_time, 'UTC') FROM unnest(of_times) AS u (start_time)
    ON CONFLICT DO NOTHING;
    FOR one IN
        SELECT u.start_time::date::timestamptz AS since, (u.start_time::date + 1)::timestamptz AS until,
            array_agg(u.trace_id) AS of_traces, array_agg(u.span_id) AS ids, array_agg(u.start_time) AS times
        FROM unnest(of_traces, of_spans, of_times) AS u (trace_id, span_id, start_time) WHERE u.start_time BETWEEN '0001-01-01' AND '9999-12-30' GROUP BY u.start_time::date
        UNION ALL
        SELECT '-infinity', 'infinity', array_agg(u.trace_id), array_agg(u.span_id), array_agg(u.start_time)
        FROM unnest(of_traces, of_spans, of_times) AS u (trace_id, span_id, start_time) WHERE u.start_time NOT BETWEEN '0001-01-01' AND '9999-12-30' HAVING count(*) > 0
    LOOP
        DELETE FROM {{.schema}}.llm_spans s USING unnest(one.of_traces, one.ids, one.times) AS e (trace_id, span_id, start_time)
        WHERE s.trace_id = e.trace_id AND s.span_id = e.span_id AND s.start_time = e.start_time AND s.start_time BETWEEN one.since AND one.until;
        GET DIAGNOSTICS removed = ROW_COUNT;
        spans := spans + removed;
    END LOOP;
    DELETE FROM {{.schema}}.llm_internal_former_words f USING unnest(of_traces, of_spans, of_times) AS e (trace_id, span_id, start_time)
    WHERE f.trace_id = e.trace_id AND f.span_id = e.span_id AND f.start_time = e.start_time;
    PERFORM {{.schema}}.llm_internal_forget_counting(of_traces);
    DELETE FROM {{.schema}}.llm_internal_pairs p USING unnest(of_traces, of_spans) AS e (trace_id, span_id)
    WHERE p.trace_id = e.trace_id AND e.span_id IN (p.inner_span_id, p.outer_span_id);
    SELECT array_agg(t.id) FILTER (WHERE s.found), array_agg(t.id) FILTER (WHERE s.found IS NULL) INTO left_over, gone
    FROM {{.schema}}.llm_traces t
    LEFT JOIN LATERAL (
        SELECT true AS found FROM {{.schema}}.llm_spans s
        WHERE s.trace_id = t.id AND s.start_time BETWEEN coalesce(t.start_time, '-infinity') AND coalesce(t.end_time, 'infinity') LIMIT 1) s ON true
    WHERE t.id = ANY (of_traces);
    FOR one IN
        SELECT t.id, coalesce(t.start_time, '-infinity') AS first, coalesce(t.end_time, 'infinity') AS last
        FROM {{.schema}}.llm_traces t WHERE t.id = ANY (left_over) ORDER BY t.trace_id
    LOOP
        PERFORM {{.schema}}.llm_internal_count_again(one.id, one.first, one.last);
        PERFORM {{.schema}}.llm_internal_count_estimates_again(one.id, one.first, one.last);
        PERFORM {{.schema}}.llm_internal_roll_up(one.id, one.first, one.last);
        hours := ARRAY(SELECT DISTINCT date_trunc('hour', s.start_time, 'UTC') FROM {{.schema}}.llm_spans s
            WHERE s.trace_id = one.id AND s.start_time BETWEEN one.first AND one.last);
        INSERT INTO {{.schema}}.llm_usage_hours (hour) SELECT unnest(hours) ON CONFLICT DO NOTHING;
    END LOOP;
    -- What told the model of a call may be gone.
    unnamed := ARRAY(SELECT t.id FROM {{.schema}}.llm_traces t WHERE t.id = ANY (left_over) AND EXISTS (SELECT FROM {{.schema}}.llm_spans s
        WHERE s.trace_id = t.id AND s.start_time BETWEEN coalesce(t.start_time, '-infinity') AND coalesce(t.end_time, 'infinity')
            AND s.estimated_cost IS NOT NULL AND s.request_model IS NULL AND s.response_model IS NULL));
    INSERT INTO {{.schema}}.llm_internal_traces_to_price (trace_id, listed_at, due_at) SELECT n.id, now(), now() FROM unnest(unnamed) n (id)
    ON CONFLICT (trace_id) DO UPDATE SET listed_at = EXCLUDED.listed_at, due_at = EXCLUDED.due_at;
    DELETE FROM {{.schema}}.llm_internal_traces_to_price p WHERE p.trace_id = ANY (gone);
    gone_hex := ARRAY(SELECT t.trace_id FROM {{.schema}}.llm_traces t WHERE t.id = ANY (gone));
    DELETE FROM {{.schema}}.llm_traces t WHERE t.id = ANY (gone);
    INSERT INTO {{.schema}}.llm_erased_traces (trace_id) SELECT unnest(gone_hex) ON CONFLICT DO NOTHING;
    DELETE FROM {{.schema}}.llm_internal_shortened_traces n WHERE n.trace_id = ANY (gone);
    PERFORM {{.schema}}.llm_internal_forget_counting(gone);
    traces := coalesce(cardinality(gone), 0);
    RETURN NEXT;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_remove_spans(uuid[], text[], timestamptz[]) FROM PUBLIC;

-- Of the version before.
DROP FUNCTION IF EXISTS {{.schema}}.llm_internal_count_again(uuid);
DROP FUNCTION IF EXISTS {{.schema}}.llm_internal_roll_up(uuid);
