-- Erasure removes the spans, log records and scores of a trace, a session or a user with
-- every word that nobody else's refers to.
--
-- A span is of the user that it names. One that names none is of the user of the nearest
-- span above it that names one, and also of the trace's user, to whom the views give it; a
-- call that a log record observes also of the user of the span that has the record's words.
-- The same holds for sessions.

-- The trace of an id: 32 hex digits or the uuid.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_trace_id(trace text) RETURNS uuid
LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
    IF btrim(trace) !~* '^([0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$' THEN
        RAISE EXCEPTION '"%" is no trace id', trace USING ERRCODE = 'invalid_text_representation',
            HINT = 'Give the 32 hex digits of the trace id, or llm_traces.id.';
    END IF;
    RETURN btrim(trace)::uuid;
END
$$;

-- The traces that have something to erase. A trace that has lost spans to retention may
-- have its user and session from one that is gone.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_traces_of(subject text, value text) RETURNS uuid[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
    of_trace uuid;
    of_spans uuid[];
    of_rows uuid[];
    unsure boolean;
BEGIN
    IF subject = 'trace' THEN
        of_trace := {{.schema}}.llm_internal_trace_id(value);
        RETURN (SELECT array_agg(u.id) FROM (
            SELECT t.id FROM {{.schema}}.llm_traces t WHERE t.id = of_trace OR t.trace_id = replace(of_trace::text, '-', '')
            UNION
            SELECT s.trace_id FROM {{.schema}}.llm_spans s WHERE s.trace_id = of_trace AND s.source = 'event') u);
    END IF;
    SELECT coalesce(r.dropped_before > coalesce(r.noted_before, '-infinity'), false) INTO unsure FROM {{.schema}}.llm_internal_retention r;
    IF subject = 'user' THEN
        SELECT array_agg(DISTINCT s.trace_id) INTO of_spans FROM {{.schema}}.llm_spans s WHERE s.user_id = value;
        SELECT array_agg(t.id) INTO of_rows FROM {{.schema}}.llm_internal_shortened_traces n JOIN {{.schema}}.llm_traces t ON t.id = n.trace_id
        WHERE t.user_id = value;
        IF unsure THEN -- the next round of retention notes them
            SELECT array_agg(t.id) INTO of_rows FROM {{.schema}}.llm_traces t WHERE t.user_id = value;
        END IF;
    ELSE
        SELECT array_agg(DISTINCT s.trace_id) INTO of_spans FROM {{.schema}}.llm_spans s WHERE s.session_id = value;
        SELECT array_agg(t.id) INTO of_rows FROM {{.schema}}.llm_internal_shortened_traces n JOIN {{.schema}}.llm_traces t ON t.id = n.trace_id
        WHERE t.session_id = value;
        IF unsure THEN
            SELECT array_agg(t.id) INTO of_rows FROM {{.schema}}.llm_traces t WHERE t.session_id = value;
        END IF;
    END IF;
    RETURN (SELECT array_agg(DISTINCT u.id) FROM unnest(of_spans || of_rows) AS u (id));
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_traces_of(text, text) FROM PUBLIC;

-- The spans to erase of these traces. whole takes all of each trace.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_spans_of(subject text, value text, traces uuid[], whole boolean)
RETURNS TABLE (trace_id uuid, span_id text, start_time timestamptz)
LANGUAGE plpgsql STABLE SET "TimeZone" = 'UTC' SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH RECURSIVE spans AS MATERIALIZED (
        SELECT t.id AS trace_id, s.span_id, s.parent_span_id, s.start_time, s.source,
            CASE subject WHEN 'user' THEN s.user_id WHEN 'session' THEN s.session_id END AS own,
            whole OR subject = 'trace' OR CASE subject WHEN 'user' THEN t.user_id ELSE t.session_id END IS NOT DISTINCT FROM value AS of_trace
        FROM ( -- prompts of turns whose calls are elsewhere are of no row
            SELECT t.id, t.user_id, t.session_id, t.start_time, t.end_time FROM {{.schema}}.llm_traces t WHERE t.id = ANY (traces)
            UNION ALL
            SELECT u.id, NULL, NULL, NULL, NULL FROM unnest(traces) AS u (id) WHERE NOT EXISTS (SELECT FROM {{.schema}}.llm_traces t WHERE t.id = u.id)) t
        CROSS JOIN LATERAL (
            SELECT s.span_id, s.parent_span_id, s.start_time, s.user_id, s.session_id, s.source FROM {{.schema}}.llm_spans s
            WHERE s.trace_id = t.id AND s.start_time BETWEEN coalesce(t.start_time, '-infinity') AND coalesce(t.end_time, 'infinity') OFFSET 0) s
    ), edges AS MATERIALIZED (
        SELECT s.trace_id, s.parent_span_id AS above, s.span_id, s.start_time FROM spans s WHERE s.own IS NULL AND s.parent_span_id IS NOT NULL
        UNION ALL -- calls whose records have the words of a span
        SELECT s.trace_id, w.words_of, s.span_id, s.start_time FROM spans s
        CROSS JOIN LATERAL (SELECT w.words_of FROM {{.schema}}.llm_internal_words w WHERE w.day = s.start_time::date
            AND w.id BETWEEN (s.span_id || repeat('0', 16))::uuid AND (s.span_id || repeat('f', 16))::uuid OFFSET 0) w
        WHERE s.own IS NULL AND s.source = 'event' AND s.span_id ~ '^[0-9a-f]{16}$' AND isfinite(s.start_time) AND w.words_of IS NOT NULL
    ), below AS (
        SELECT s.trace_id, s.span_id, s.start_time FROM spans s WHERE s.own = value
        UNION
        SELECT e.trace_id, e.span_id, e.start_time FROM below b JOIN edges e ON e.trace_id = b.trace_id AND e.above = b.span_id
    )
    SELECT s.trace_id, s.span_id, s.start_time FROM spans s WHERE s.of_trace AND (s.own IS NULL OR whole OR subject = 'trace')
    UNION
    SELECT b.trace_id, b.span_id, b.start_time FROM below b;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_spans_of(text, text, uuid[], boolean) FROM PUBLIC;

-- Which of some contents no span refers to, spans to erase apart; with since only spans
-- stored from then on are looked at. The scan of a day's spans is what takes long in an
-- erasure, so contents that its first spans share are left out of it, and few rows are made
-- of the ids of a span: ANY looks an id up in a hash table, as wanted is a constant of a
-- custom plan.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_unneeded(days date[], ids uuid[], erased_traces uuid[], erased_spans text[], erased_times timestamptz[], since timestamptz)
RETURNS TABLE (day date, id uuid)
LANGUAGE plpgsql SET "TimeZone" = 'UTC' SET plan_cache_mode = force_custom_plan SET jit = off
    SET enable_seqscan = on SET enable_mergejoin = off SET enable_nestloop = off AS $$
#variable_conflict use_column
DECLARE
    of_day record;
    wanted uuid[];
    sample bigint;
    begin_of timestamptz; -- a comparison of a time with a date costs more than all else of a row
    end_of timestamptz;
BEGIN
    FOR of_day IN SELECT w.day, array_agg(w.id) AS ids FROM unnest(days, ids) AS w (day, id) GROUP BY w.day LOOP
        begin_of := CASE WHEN of_day.day BETWEEN DATE '0001-01-01' AND DATE '9999-12-30' THEN of_day.day::timestamptz ELSE '-infinity' END;
        end_of := CASE WHEN isfinite(begin_of) THEN (of_day.day + 1)::timestamptz - interval '1 us' ELSE 'infinity' END;
        wanted := of_day.ids;
        FOREACH sample IN ARRAY CASE WHEN since IS NULL THEN ARRAY[1000, NULL]::bigint[] ELSE ARRAY[NULL]::bigint[] END LOOP
            wanted := ARRAY(
                SELECT w.id FROM unnest(wanted) AS w (id)
                EXCEPT
                SELECT r.id FROM (
                    SELECT s.trace_id, s.span_id, s.start_time, unnest({{.flat input_message_ids}} || {{.flat output_message_ids}} || {{.flat document_ids}}
                        || CASE WHEN s.system_instructions_id = ANY (wanted) OR s.tool_definitions_id = ANY (wanted) OR s.tool_arguments_id = ANY (wanted)
                            OR s.tool_result_id = ANY (wanted) OR s.retrieval_query_id = ANY (wanted)
                            THEN ARRAY[s.system_instructions_id, s.tool_definitions_id, s.tool_arguments_id, s.tool_result_id, s.retrieval_query_id] END
                        || CASE WHEN s.attributes @? '$.*."$content"' THEN ARRAY(SELECT a.id FROM {{.schema}}.llm_attribute_contents(s.attributes) a) END
                        || CASE WHEN s.events @? '$[*].attributes.*."$content"' THEN ARRAY(
                            SELECT a.id FROM jsonb_array_elements(CASE WHEN jsonb_typeof(s.events) = 'array' THEN s.events END) e
                            CROSS JOIN LATERAL {{.schema}}.llm_attribute_contents(e.value -> 'attributes') a) END) AS id
                    FROM (
                        SELECT * FROM {{.schema}}.llm_spans s
                        WHERE s.start_time BETWEEN begin_of AND end_of AND (since IS NULL OR s.stored_at >= since)
                        LIMIT sample) s) r
                WHERE r.id = ANY (wanted) AND NOT EXISTS (SELECT FROM unnest(erased_traces, erased_spans, erased_times) AS e (trace_id, span_id, start_time)
                    WHERE e.trace_id = r.trace_id AND e.span_id = r.span_id AND e.start_time = r.start_time));
            EXIT WHEN wanted = '{}';
        END LOOP;
        RETURN QUERY SELECT of_day.day, w.id FROM unnest(wanted) AS w (id)
            EXCEPT
            SELECT of_day.day, f.id FROM {{.schema}}.llm_internal_former_words f
            WHERE f.id = ANY (wanted) AND f.start_time BETWEEN begin_of AND end_of
                AND NOT EXISTS (SELECT FROM unnest(erased_traces, erased_spans, erased_times) AS e (trace_id, span_id, start_time)
                    WHERE e.trace_id = f.trace_id AND e.span_id = f.span_id AND e.start_time = f.start_time);
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_unneeded(date[], uuid[], uuid[], text[], timestamptz[], timestamptz) FROM PUBLIC;

-- Counts what is left of a trace anew, as the contract defines it, and stores which calls
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
        {{.schema}}.llm_internal_failed(s.status, s.error_type, s.output_message_ids, s.event_words, s.input_tokens, s.output_tokens, s.total_tokens) AS failed,
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
), of_events AS ( -- what follows from pairs with events, see trace.Effects
    SELECT u.span_id, bool_or(u.call) AS call, bool_or(u.tokens) AS tokens, bool_or(u.cost) AS cost FROM (
        SELECT p.outer_span_id AS span_id, p.effects & 1 > 0 AS call, p.effects & 2 > 0 AS tokens, p.effects & 4 > 0 AS cost
        FROM {{.schema}}.llm_internal_pairs p WHERE p.trace_id = of_trace AND p.effects IS NOT NULL
        UNION ALL
        SELECT p.inner_span_id, false, p.effects & 8 > 0, false
        FROM {{.schema}}.llm_internal_pairs p WHERE p.trace_id = of_trace AND p.effects IS NOT NULL) u
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
    all_tags := (SELECT array_agg(DISTINCT u.tag COLLATE "C") FROM {{.schema}}.llm_spans s CROSS JOIN LATERAL unnest(s.tags) AS u (tag)
        WHERE s.trace_id = of_trace AND s.start_time BETWEEN since AND until);
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
        estimated_cost = sums.estimate, unpriced_calls = sums.unpriced, models = coalesce(sums.models, '{}'),
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

-- The log records to erase, their words, and the scores that records or spans to erase tell:
-- records that name the user or session, that name none and belong to a trace that does, and
-- those that observe calls to erase. whole takes all that belongs to the traces.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_events_of(subject text, value text, traces uuid[], of_traces uuid[], of_spans text[], of_times timestamptz[], whole boolean)
RETURNS TABLE (day date, id uuid)
LANGUAGE plpgsql STABLE SET "TimeZone" = 'UTC' SET plan_cache_mode = force_custom_plan SET enable_seqscan = off SET enable_mergejoin = off SET jit = off AS $$
#variable_conflict use_column
DECLARE
    around uuid[] := ARRAY(SELECT u.id FROM unnest(traces) AS u (id) UNION
        SELECT t.trace_id::uuid FROM {{.schema}}.llm_traces t WHERE t.id = ANY (traces) AND t.trace_id ~ '^[0-9a-f]{32}$');
    theirs uuid[];
    told_traces uuid[]; -- spans to erase that log records or span events observe
    told_spans text[];
    told_times timestamptz[];
BEGIN
    SELECT array_agg(e.trace_id), array_agg(e.span_id), array_agg(e.start_time) INTO told_traces, told_spans, told_times
    FROM unnest(of_traces, of_spans, of_times) AS e (trace_id, span_id, start_time)
    CROSS JOIN LATERAL (SELECT s.source FROM {{.schema}}.llm_spans s WHERE s.trace_id = e.trace_id AND s.span_id = e.span_id AND s.start_time = e.start_time OFFSET 0) s
    WHERE s.source = 'event' AND e.span_id ~ '^[0-9a-f]{16}$' AND isfinite(e.start_time);
    IF subject = 'trace' THEN
        around := around || {{.schema}}.llm_internal_trace_id(value);
    END IF;
    theirs := CASE WHEN whole OR subject = 'trace' THEN around ELSE ARRAY(
        SELECT u.id FROM {{.schema}}.llm_traces t CROSS JOIN LATERAL (VALUES (t.id), (t.trace_id::uuid)) u (id)
        WHERE t.id = ANY (traces) AND t.trace_id ~ '^[0-9a-f]{32}$' AND CASE subject WHEN 'user' THEN t.user_id ELSE t.session_id END = value) END;
    RETURN QUERY
    SELECT e.day, e.id FROM {{.schema}}.llm_events e WHERE subject = 'user' AND e.user_id = value
    UNION
    SELECT e.day, e.id FROM {{.schema}}.llm_events e WHERE subject = 'session' AND e.session_id = value
    UNION
    SELECT e.day, e.id FROM {{.schema}}.llm_events e WHERE e.belongs_to = ANY (theirs)
        AND (whole OR CASE subject WHEN 'user' THEN e.user_id IS NULL WHEN 'session' THEN e.session_id IS NULL ELSE true END)
    UNION -- of a call, whose span id is the first half of the record's
    SELECT r.day, r.id FROM unnest(told_traces, told_spans, told_times) AS e (trace_id, span_id, start_time)
    CROSS JOIN LATERAL (SELECT s.end_time::date AS day FROM {{.schema}}.llm_spans s WHERE s.trace_id = e.trace_id AND s.span_id = e.span_id AND s.start_time = e.start_time
        AND isfinite(s.end_time) OFFSET 0) s
    CROSS JOIN LATERAL (SELECT r.day, r.id FROM {{.schema}}.llm_events r
        WHERE r.day = s.day AND r.id BETWEEN (e.span_id || repeat('0', 16))::uuid AND (e.span_id || repeat('f', 16))::uuid OFFSET 0) r
    UNION -- of a prompt
    SELECT r.day, r.id FROM unnest(told_traces, told_spans, told_times) AS e (trace_id, span_id, start_time)
    JOIN {{.schema}}.llm_spans s ON s.trace_id = e.trace_id AND s.span_id = e.span_id AND s.start_time = e.start_time AND s.kind = 'agent'
    CROSS JOIN LATERAL (SELECT e.trace_id AS id UNION SELECT t.trace_id::uuid FROM {{.schema}}.llm_traces t WHERE t.id = e.trace_id AND t.trace_id ~ '^[0-9a-f]{32}$') t
    JOIN {{.schema}}.llm_events r ON r.belongs_to = t.id AND r.day = e.start_time::date AND r.time = e.start_time
        AND r.user_id IS NOT DISTINCT FROM s.user_id AND r.session_id IS NOT DISTINCT FROM s.session_id
    UNION -- words of a call that began on another day than that of its record
    SELECT w.day, w.id FROM unnest(told_traces, told_spans, told_times) AS e (trace_id, span_id, start_time)
    CROSS JOIN LATERAL (SELECT w.day, w.id FROM {{.schema}}.llm_internal_words w
        WHERE w.day = e.start_time::date AND w.id BETWEEN (e.span_id || repeat('0', 16))::uuid AND (e.span_id || repeat('f', 16))::uuid OFFSET 0) w
    UNION
    SELECT w.day, w.id FROM unnest(of_traces, of_spans) AS e (trace_id, span_id)
    JOIN {{.schema}}.llm_traces t ON t.id = e.trace_id
    JOIN {{.schema}}.llm_internal_words w ON w.trace_id IN (t.id, CASE WHEN t.trace_id ~ '^[0-9a-f]{32}$' THEN t.trace_id::uuid END) AND w.words_of = e.span_id
    UNION
    SELECT c.day, c.id FROM unnest(of_traces, of_spans) AS e (trace_id, span_id)
    JOIN {{.schema}}.llm_traces t ON t.id = e.trace_id
    JOIN {{.schema}}.llm_scores c ON c.belongs_to IN (t.id, CASE WHEN t.trace_id ~ '^[0-9a-f]{32}$' THEN t.trace_id::uuid END) AND c.span_id = e.span_id;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_events_of(text, text, uuid[], uuid[], text[], timestamptz[], boolean) FROM PUBLIC;

-- Which of some contents no log record or score refers to, those to erase apart.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_unneeded_by_events(days date[], ids uuid[], erased uuid[]) RETURNS TABLE (day date, id uuid)
LANGUAGE plpgsql SET enable_seqscan = on AS $$
#variable_conflict use_column
DECLARE
    of_day record;
BEGIN
    FOR of_day IN SELECT w.day, array_agg(w.id) AS ids FROM unnest(days, ids) AS w (day, id) GROUP BY w.day LOOP
        RETURN QUERY
        SELECT of_day.day, w.id FROM unnest(of_day.ids) AS w (id)
        EXCEPT
        SELECT r.day, r.id FROM {{.schema}}.llm_internal_event_references r
        WHERE r.day = of_day.day AND r.id = ANY (of_day.ids) AND NOT EXISTS (SELECT FROM unnest(erased) AS e (id) WHERE e.id = r.event_id);
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_unneeded_by_events(date[], uuid[], uuid[]) FROM PUBLIC;

-- Brings the summaries up to date by which spans stored lately are found: those that
-- autovacuum has not come to count as found.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_summarize(days date[]) RETURNS void
LANGUAGE sql AS $$
SELECT pg_catalog.brin_summarize_new_values(i.indexrelid)
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_am m ON m.oid = c.relam AND m.amname = 'brin'
JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] AND a.attname = 'stored_at'
WHERE i.indrelid IN (SELECT pg_catalog.to_regclass(pg_catalog.format('%I.%I', {{.schema_literal}}, 'llm_spans_' || CASE WHEN u.day BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN pg_catalog.to_char(u.day, 'YYYYMMDD') ELSE '' END))
    FROM pg_catalog.unnest(days) AS u (day))
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_summarize(date[]) FROM PUBLIC;

-- What owners say of contents: which nobody else refers to, of which that is unsure, and
-- which of their owners are gone. Owners with more than most other spans on a day are unsure.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_judge_contents(days date[], ids uuid[], erased_traces uuid[], erased_spans text[], erased_times timestamptz[],
    event_days date[], event_ids uuid[], most bigint)
RETURNS TABLE (day date, id uuid, free boolean, unsure boolean, gone bigint[])
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
    owned date[] := {{.schema}}.llm_internal_owned(days);
    owned_days date[];
    owned_ids uuid[];
BEGIN
    RETURN QUERY SELECT u.day, u.id, false, true, '{}'::bigint[] FROM unnest(days, ids) AS u (day, id) WHERE u.day <> ALL (owned);
    IF owned = '{}' THEN
        RETURN;
    END IF;
    SELECT array_agg(u.day), array_agg(u.id) INTO owned_days, owned_ids FROM unnest(days, ids) AS u (day, id) WHERE u.day = ANY (owned);
    RETURN QUERY SELECT o.day, o.id, o.staying = '{}' AND NOT o.unsure, o.staying = '{}' AND o.unsure, o.gone
    FROM {{.schema}}.llm_internal_owners_left(owned_days, owned_ids, erased_traces, erased_spans, erased_times, event_days, event_ids, most) o;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_judge_contents(date[], uuid[], uuid[], text[], timestamptz[], date[], uuid[], bigint) FROM PUBLIC;

-- Which contents of what is erased nothing else refers to, and which owners are gone, once
-- no batch is in flight. The contents that free names were unneeded when it was looked before,
-- all others needed: where owners do not say enough, what was stored since is read.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_decide_contents(days date[], ids uuid[], free_days date[], free_ids uuid[],
    erased_traces uuid[], erased_spans text[], erased_times timestamptz[], event_days date[], event_ids uuid[], since timestamptz)
RETURNS TABLE (day date, id uuid, unneeded boolean, gone bigint[])
LANGUAGE plpgsql SET plan_cache_mode = force_custom_plan SET enable_mergejoin = off SET jit = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH judged AS MATERIALIZED (
        SELECT j.* FROM {{.schema}}.llm_internal_judge_contents(days, ids, erased_traces, erased_spans, erased_times, event_days, event_ids, 20000) j
    ), free AS (
        SELECT j.day, j.id FROM judged j JOIN unnest(free_days, free_ids) AS f (day, id) ON f.day = j.day AND f.id = j.id WHERE j.unsure
    ), unneeded_by_spans AS MATERIALIZED (
        SELECT u.day, u.id FROM {{.schema}}.llm_internal_unneeded((SELECT array_agg(f.day ORDER BY f.day, f.id) FROM free f), (SELECT array_agg(f.id ORDER BY f.day, f.id) FROM free f),
            erased_traces, erased_spans, erased_times, since) u
    ), unneeded AS MATERIALIZED (
        SELECT u.day, u.id FROM {{.schema}}.llm_internal_unneeded_by_events((SELECT array_agg(s.day ORDER BY s.day, s.id) FROM unneeded_by_spans s),
            (SELECT array_agg(s.id ORDER BY s.day, s.id) FROM unneeded_by_spans s), event_ids) u
    )
    SELECT j.day, j.id, j.free OR u.id IS NOT NULL, j.gone FROM judged j LEFT JOIN unneeded u ON u.day = j.day AND u.id = j.id;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_decide_contents(date[], uuid[], date[], uuid[], uuid[], text[], timestamptz[], date[], uuid[], timestamptz) FROM PUBLIC;

-- Removes contents, and returns how many went.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_remove_contents(days date[], ids uuid[]) RETURNS bigint
LANGUAGE plpgsql SET plan_cache_mode = force_custom_plan SET enable_seqscan = off SET jit = off AS $$
DECLARE
    one record;
    removed bigint;
    removed_of_all bigint := 0;
BEGIN
    FOR one IN SELECT w.day, array_agg(w.id) AS ids FROM unnest(days, ids) AS w (day, id) GROUP BY w.day LOOP
        DELETE FROM {{.schema}}.llm_contents c WHERE c.day = one.day AND c.id = ANY (one.ids);
        GET DIAGNOSTICS removed = ROW_COUNT;
        removed_of_all := removed_of_all + removed;
        DELETE FROM {{.schema}}.llm_internal_content_owners o WHERE o.day = one.day AND o.id = ANY (one.ids);
    END LOOP;
    RETURN removed_of_all;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_remove_contents(date[], uuid[]) FROM PUBLIC;

-- Erases a trace, a session or a user. What takes long, reading days for contents of which
-- owners do not say who refers to them, is done first while batches go on. Then batches
-- wait, so that none relies on a word that is about to go, and of such days only what was
-- stored meanwhile has to be looked at. A span of theirs that was stored meanwhile is left
-- for the next erasure.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_erase(subject text, value text, whole boolean)
RETURNS TABLE (traces bigint, spans bigint, contents bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET "TimeZone" = 'UTC' SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_variable
DECLARE
    writers bigint := hashtextextended({{.schema_literal}} || '.llm_contents', 0); -- batches share this lock
    since timestamptz;
    of_traces uuid[];
    of_spans text[];
    of_times timestamptz[];
    event_days date[];
    events uuid[];
    days date[];
    ids uuid[];
    all_days date[];
    all_ids uuid[];
    free_days date[];
    free_ids uuid[];
    read_days date[]; -- contents for which spans of their day are read
    read_ids uuid[];
    gone_days date[]; -- owners of contents that stay
    gone_ids uuid[];
    gone_owners bigint[];
BEGIN
    IF coalesce(btrim(value), '') = '' THEN
        RAISE EXCEPTION 'nothing is erased: % is %', subject, CASE WHEN value IS NULL THEN 'null' ELSE 'empty' END
            USING ERRCODE = 'null_value_not_allowed', HINT = format('Give the id of the %s to erase.', subject);
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended({{.schema_literal}} || '.llm_erase', 0));
    -- Batches in flight end before the first look. Ten seconds are time enough for one
    -- that had begun to ask for the lock.
    since := clock_timestamp() - interval '10 s';
    PERFORM pg_advisory_lock(writers);
    PERFORM pg_advisory_unlock(writers);
    SELECT array_agg(s.trace_id), array_agg(s.span_id), array_agg(s.start_time) INTO of_traces, of_spans, of_times
    FROM {{.schema}}.llm_internal_spans_of(subject, value, {{.schema}}.llm_internal_traces_of(subject, value), coalesce(whole, false)) s;
    SELECT array_agg(e.day), array_agg(e.id) INTO event_days, events FROM {{.schema}}.llm_internal_events_of(
        subject, value, {{.schema}}.llm_internal_traces_of(subject, value), of_traces, of_spans, of_times, coalesce(whole, false)) e;
    SELECT array_agg(w.day), array_agg(w.id) INTO all_days, all_ids FROM (
        SELECT DISTINCT r.day, r.id FROM unnest(of_traces, of_spans, of_times) AS e (trace_id, span_id, start_time)
        CROSS JOIN LATERAL (SELECT r.day, r.id FROM {{.schema}}.llm_content_references r
            WHERE r.trace_id = e.trace_id AND r.span_id = e.span_id AND r.start_time = e.start_time OFFSET 0) r
        UNION
        SELECT r.day, r.id FROM unnest(event_days, events) AS e (day, id)
        CROSS JOIN LATERAL (SELECT r.day, r.id FROM {{.schema}}.llm_internal_event_references r WHERE r.day = e.day AND r.event_id = e.id OFFSET 0) r) w;
    SELECT array_agg(w.day) FILTER (WHERE w.unsure), array_agg(w.id) FILTER (WHERE w.unsure),
        array_agg(w.day) FILTER (WHERE w.free), array_agg(w.id) FILTER (WHERE w.free) INTO read_days, read_ids, free_days, free_ids
    FROM {{.schema}}.llm_internal_judge_contents(all_days, all_ids, of_traces, of_spans, of_times, event_days, events, NULL) w;
    SELECT array_agg(w.day), array_agg(w.id) INTO days, ids FROM {{.schema}}.llm_internal_unneeded(read_days, read_ids, of_traces, of_spans, of_times, NULL) w;
    PERFORM {{.schema}}.llm_internal_summarize(days);
    days := free_days || days;
    ids := free_ids || ids;

    PERFORM pg_advisory_xact_lock(writers);
    PERFORM {{.schema}}.llm_internal_note_owners(true);
    -- Spans may have got words of log records since.
    SELECT array_agg(w.day), array_agg(w.id) INTO all_days, all_ids FROM (
        SELECT a.day, a.id FROM unnest(all_days, all_ids) AS a (day, id)
        UNION
        SELECT r.day, r.id FROM unnest(of_traces, of_spans, of_times) AS e (trace_id, span_id, start_time)
        CROSS JOIN LATERAL (SELECT s.stored_at FROM {{.schema}}.llm_spans s
            WHERE s.trace_id = e.trace_id AND s.span_id = e.span_id AND s.start_time = e.start_time OFFSET 0) s
        CROSS JOIN LATERAL (SELECT r.day, r.id FROM {{.schema}}.llm_content_references r
            WHERE s.stored_at >= since AND r.trace_id = e.trace_id AND r.span_id = e.span_id AND r.start_time = e.start_time OFFSET 0) r
        WHERE s.stored_at >= since) w;
    WITH d AS MATERIALIZED (
        SELECT w.* FROM {{.schema}}.llm_internal_decide_contents(all_days, all_ids, days, ids, of_traces, of_spans, of_times, event_days, events, since) w
    ), g AS MATERIALIZED (
        SELECT d.day, d.id, o.owner FROM d CROSS JOIN unnest(d.gone) AS o (owner)
    ), u AS MATERIALIZED (
        SELECT array_agg(d.day ORDER BY d.day, d.id) AS days, array_agg(d.id ORDER BY d.day, d.id) AS ids FROM d WHERE d.unneeded
    )
    SELECT u.days, u.ids, g.days, g.ids, g.owners INTO days, ids, gone_days, gone_ids, gone_owners
    FROM u, (SELECT array_agg(g.day ORDER BY g.day, g.id, g.owner) AS days, array_agg(g.id ORDER BY g.day, g.id, g.owner) AS ids,
        array_agg(g.owner ORDER BY g.day, g.id, g.owner) AS owners FROM g) g;
    DELETE FROM {{.schema}}.llm_events e USING unnest(event_days, events) AS g (day, id) WHERE e.day = g.day AND e.id = g.id;
    DELETE FROM {{.schema}}.llm_internal_words w USING unnest(event_days, events) AS g (day, id) WHERE w.day = g.day AND w.id = g.id;
    DELETE FROM {{.schema}}.llm_scores c USING unnest(event_days, events) AS g (day, id) WHERE c.day = g.day AND c.id = g.id;
    SELECT r.traces, r.spans INTO traces, spans FROM {{.schema}}.llm_internal_remove_spans(of_traces, of_spans, of_times) r;
    contents := {{.schema}}.llm_internal_remove_contents(days, ids);
    SELECT array_agg(g.day), array_agg(g.id), array_agg(g.owner) INTO gone_days, gone_ids, gone_owners
    FROM unnest(gone_days, gone_ids, gone_owners) AS g (day, id, owner)
    LEFT JOIN unnest(days, ids) AS w (day, id) ON w.day = g.day AND w.id = g.id WHERE w.id IS NULL;
    IF gone_days IS NOT NULL THEN
        PERFORM {{.schema}}.llm_internal_remove_owners(gone_days, gone_ids, gone_owners);
    END IF;
    PERFORM {{.schema}}.llm_internal_note_owners(false);
    IF subject = 'user' THEN -- sums of days whose spans are gone
        UPDATE {{.schema}}.llm_internal_usage_parts p SET user_id = NULL WHERE p.user_id = value;
    END IF;
    INSERT INTO {{.schema}}.llm_erasures (subject, value_hash, whole_trace, traces, spans, contents)
    VALUES (subject, encode(sha256(convert_to(CASE subject WHEN 'trace' THEN replace({{.schema}}.llm_internal_trace_id(value)::text, '-', '') ELSE value END, 'UTF8')), 'hex'),
        subject = 'trace' OR coalesce(whole, false), traces, spans, contents);
    RETURN NEXT;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_erase(text, text, boolean) FROM PUBLIC;

CREATE OR REPLACE FUNCTION {{.schema}}.llm_erase_trace(trace_id text)
RETURNS TABLE (traces bigint, spans bigint, contents bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ SELECT * FROM {{.schema}}.llm_internal_erase('trace', trace_id, true) $$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_erase_trace(text) FROM PUBLIC;
COMMENT ON FUNCTION {{.schema}}.llm_erase_trace(text) IS
'Erases a trace, by its hex id or its uuid, with the words that no other span refers to. Returns what went. Safe while collectors write: a span that arrives later starts a new trace, with all of its words.';

CREATE OR REPLACE FUNCTION {{.schema}}.llm_erase_session(session_id text, whole_trace boolean)
RETURNS TABLE (traces bigint, spans bigint, contents bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ SELECT * FROM {{.schema}}.llm_internal_erase('session', session_id, whole_trace) $$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_erase_session(text, boolean) FROM PUBLIC;
COMMENT ON FUNCTION {{.schema}}.llm_erase_session(text, boolean) IS
'As llm_erase_session(session_id); with whole_trace => true it erases each trace that has a span of the session whole, also where others share it.';

CREATE OR REPLACE FUNCTION {{.schema}}.llm_erase_session(session_id text)
RETURNS TABLE (traces bigint, spans bigint, contents bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ SELECT * FROM {{.schema}}.llm_internal_erase('session', session_id, false) $$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_erase_session(text) FROM PUBLIC;
COMMENT ON FUNCTION {{.schema}}.llm_erase_session(text) IS
'Erases the spans of a session with the words that no other span refers to. Returns what went; traces counts those of which nothing is left. Of a trace that others share, their spans stay.';

CREATE OR REPLACE FUNCTION {{.schema}}.llm_erase_user(user_id text, whole_trace boolean)
RETURNS TABLE (traces bigint, spans bigint, contents bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ SELECT * FROM {{.schema}}.llm_internal_erase('user', user_id, whole_trace) $$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_erase_user(text, boolean) FROM PUBLIC;
COMMENT ON FUNCTION {{.schema}}.llm_erase_user(text, boolean) IS
'As llm_erase_user(user_id); with whole_trace => true it erases each trace that has a span of the user whole, also where others share it.';

CREATE OR REPLACE FUNCTION {{.schema}}.llm_erase_user(user_id text)
RETURNS TABLE (traces bigint, spans bigint, contents bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ SELECT * FROM {{.schema}}.llm_internal_erase('user', user_id, false) $$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_erase_user(text) FROM PUBLIC;
COMMENT ON FUNCTION {{.schema}}.llm_erase_user(text) IS
'Erases the spans of a user with the words that no other span refers to. Returns what went; traces counts those of which nothing is left. Of a trace that others share, their spans stay.';

-- The traces erased after a time; notes older than a day go.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_erased_after(after timestamptz) RETURNS TABLE (trace_id text, erased_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    DELETE FROM {{.schema}}.llm_erased_traces e WHERE e.erased_at < now() - interval '1 day';
    RETURN QUERY SELECT e.trace_id, e.erased_at FROM {{.schema}}.llm_erased_traces e WHERE e.erased_at > after;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_erased_after(timestamptz) FROM PUBLIC;

-- Of the version before.
DROP FUNCTION IF EXISTS {{.schema}}.llm_erase(text, text);
DROP FUNCTION IF EXISTS {{.schema}}.llm_words_of(uuid[]);
DROP FUNCTION IF EXISTS {{.schema}}.llm_traces_of(text, text);
DROP FUNCTION IF EXISTS {{.schema}}.llm_unneeded(date[], uuid[], uuid[], xid);
DROP FUNCTION IF EXISTS {{.schema}}.llm_internal_unneeded(date[], uuid[], uuid[], text[], timestamptz);
DROP FUNCTION IF EXISTS {{.schema}}.llm_internal_uvarint(bigint);
DROP FUNCTION IF EXISTS {{.schema}}.llm_internal_count_again(uuid);
DROP FUNCTION IF EXISTS {{.schema}}.llm_internal_roll_up(uuid);
DROP FUNCTION IF EXISTS {{.schema}}.llm_internal_judge_contents(date[], uuid[], uuid[], text[], timestamptz[]);
DROP FUNCTION IF EXISTS {{.schema}}.llm_internal_decide_contents(date[], uuid[], date[], uuid[], date[], uuid[], uuid[], text[], timestamptz[], timestamptz);
DROP FUNCTION IF EXISTS {{.schema}}.llm_internal_judge_contents(date[], uuid[], uuid[], text[], timestamptz[], date[], uuid[]);
DROP FUNCTION IF EXISTS {{.schema}}.llm_internal_decide_contents(date[], uuid[], date[], uuid[], date[], uuid[], uuid[], text[], timestamptz[], date[], uuid[], timestamptz);
DROP FUNCTION IF EXISTS {{.schema}}.llm_internal_events_of(text, text, uuid[], uuid[], text[], boolean);
