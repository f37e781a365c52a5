-- Erasure removes the spans of a trace, a session or a user with every word that nobody
-- else's span refers to.
--
-- A span is of the user that it names. One that names none is of the user of the nearest
-- span above it that names one, and also of the trace's user, to whom the views give it.
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
        RETURN (SELECT array_agg(t.id) FROM {{.schema}}.llm_traces t
                WHERE t.id = of_trace OR t.trace_id = replace(of_trace::text, '-', ''));
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
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH RECURSIVE spans AS MATERIALIZED (
        SELECT t.id AS trace_id, s.span_id, s.parent_span_id, s.start_time,
            CASE subject WHEN 'user' THEN s.user_id WHEN 'session' THEN s.session_id END AS own,
            whole OR subject = 'trace' OR CASE subject WHEN 'user' THEN t.user_id ELSE t.session_id END IS NOT DISTINCT FROM value AS of_trace
        FROM {{.schema}}.llm_traces t
        CROSS JOIN LATERAL (
            SELECT s.span_id, s.parent_span_id, s.start_time, s.user_id, s.session_id FROM {{.schema}}.llm_spans s
            WHERE s.trace_id = t.id AND s.start_time BETWEEN coalesce(t.start_time, '-infinity') AND coalesce(t.end_time, 'infinity') OFFSET 0) s
        WHERE t.id = ANY (traces)
    ), below AS (
        SELECT s.trace_id, s.span_id, s.start_time FROM spans s WHERE s.own = value
        UNION
        SELECT s.trace_id, s.span_id, s.start_time FROM below b
        JOIN spans s ON s.trace_id = b.trace_id AND s.parent_span_id = b.span_id AND s.own IS NULL
    )
    SELECT s.trace_id, s.span_id, s.start_time FROM spans s WHERE s.of_trace AND (s.own IS NULL OR whole OR subject = 'trace')
    UNION
    SELECT b.trace_id, b.span_id, b.start_time FROM below b;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_spans_of(text, text, uuid[], boolean) FROM PUBLIC;

-- Which of some contents no span refers to, spans to erase apart; with since only spans
-- stored from then on are looked at. The scan of a day's spans is what takes long in an
-- erasure, so contents that its first spans share are left out of it.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_unneeded(days date[], ids uuid[], erased_traces uuid[], erased_spans text[], since timestamptz)
RETURNS TABLE (day date, id uuid)
LANGUAGE plpgsql SET "TimeZone" = 'UTC' SET plan_cache_mode = force_custom_plan SET jit = off SET enable_mergejoin = off AS $$
#variable_conflict use_column
DECLARE
    of_day record;
    wanted uuid[];
    sample bigint;
BEGIN
    FOR of_day IN SELECT w.day, array_agg(w.id) AS ids FROM unnest(days, ids) AS w (day, id) GROUP BY w.day LOOP
        wanted := of_day.ids;
        FOREACH sample IN ARRAY CASE WHEN since IS NULL THEN ARRAY[1000, NULL]::bigint[] ELSE ARRAY[NULL]::bigint[] END LOOP
            wanted := ARRAY(
                SELECT w.id FROM unnest(wanted) AS w (id)
                EXCEPT
                SELECT r.id FROM (
                    SELECT unnest(s.input_message_ids || s.output_message_ids || s.document_ids
                        || ARRAY[s.system_instructions_id, s.tool_definitions_id, s.tool_arguments_id, s.tool_result_id, s.retrieval_query_id]
                        || CASE WHEN s.attributes @? '$.*."$content"' THEN ARRAY(SELECT a.id FROM {{.schema}}.llm_attribute_contents(s.attributes) a) END
                        || CASE WHEN s.events @? '$[*].attributes.*."$content"' THEN ARRAY(
                            SELECT a.id FROM jsonb_array_elements(CASE WHEN jsonb_typeof(s.events) = 'array' THEN s.events END) e
                            CROSS JOIN LATERAL {{.schema}}.llm_attribute_contents(e.value -> 'attributes') a) END) AS id
                    FROM (
                        SELECT * FROM {{.schema}}.llm_spans s
                        WHERE s.start_time >= of_day.day AND s.start_time < of_day.day + 1 AND (since IS NULL OR s.stored_at >= since)
                        LIMIT sample) s
                    WHERE NOT EXISTS (SELECT FROM unnest(erased_traces, erased_spans) AS e (trace_id, span_id)
                        WHERE e.trace_id = s.trace_id AND e.span_id = s.span_id)) r
                JOIN unnest(wanted) AS w (id) ON w.id = r.id);
            EXIT WHEN wanted = '{}';
        END LOOP;
        RETURN QUERY SELECT of_day.day, w.id FROM unnest(wanted) AS w (id);
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_unneeded(date[], uuid[], uuid[], text[], timestamptz) FROM PUBLIC;

-- Bytes of a number as llm_traces.origins holds it.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_uvarint(value bigint) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    bytes bytea := '';
BEGIN
    WHILE value >= 128 LOOP
        bytes := bytes || set_byte('\x00', 0, (value & 127 | 128)::integer);
        value := value >> 7;
    END LOOP;
    RETURN bytes || set_byte('\x00', 0, value::integer);
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_uvarint(bigint) FROM PUBLIC;

-- Counts calls and usage of a trace that an erased span told as well, and no other does.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_count_again(of_trace uuid) RETURNS void
LANGUAGE sql AS $$
WITH RECURSIVE spans AS MATERIALIZED (
    SELECT s.span_id, s.start_time, s.parent_span_id, s.kind, s.tool_name, s.counted, s.usage_counted, s.cost_counted,
        s.kind IN ('agent', 'chain') AS aggregates, s.usage_counted IS NOT NULL AS reports
    FROM {{.schema}}.llm_traces t JOIN {{.schema}}.llm_spans s ON s.trace_id = t.id
        AND s.start_time BETWEEN coalesce(t.start_time, '-infinity') AND coalesce(t.end_time, 'infinity')
    WHERE t.id = of_trace
), edges AS MATERIALIZED (
    SELECT s.parent_span_id AS outer_id, s.span_id AS inner_id FROM spans s WHERE s.parent_span_id IS NOT NULL
    UNION
    SELECT b.outer_span_id, b.inner_span_id FROM {{.schema}}.llm_internal_side_by_side b WHERE b.trace_id = of_trace
), below AS (
    SELECT s.span_id AS hidden, e.inner_id FROM spans s JOIN edges e ON e.outer_id = s.span_id
    WHERE false IN (s.counted, s.usage_counted, s.cost_counted)
    UNION
    SELECT b.hidden, e.inner_id FROM below b JOIN edges e ON e.outer_id = b.inner_id
), again AS (
    SELECT s.span_id, s.start_time, s.counted, s.usage_counted, s.cost_counted,
        coalesce(bool_or(i.kind = s.kind AND (s.kind <> 'tool' OR i.tool_name IS NOT DISTINCT FROM s.tool_name)), false) AS told,
        coalesce(bool_or(i.reports AND (i.kind = s.kind OR s.aggregates AND (i.aggregates OR i.kind IN ('llm', 'embedding', 'reranker')))), false) AS reported
    FROM spans s LEFT JOIN below b ON b.hidden = s.span_id LEFT JOIN spans i ON i.span_id = b.inner_id
    WHERE false IN (s.counted, s.usage_counted, s.cost_counted)
    GROUP BY s.span_id, s.start_time, s.counted, s.usage_counted, s.cost_counted
)
UPDATE {{.schema}}.llm_spans s SET below = 0,
    counted = CASE WHEN a.told THEN a.counted ELSE a.counted IS NOT NULL OR NULL END,
    usage_counted = CASE WHEN a.reported THEN a.usage_counted ELSE a.usage_counted IS NOT NULL OR NULL END,
    cost_counted = CASE WHEN a.reported THEN a.cost_counted ELSE a.cost_counted IS NOT NULL OR NULL END
FROM again a
WHERE s.trace_id = of_trace AND s.span_id = a.span_id AND s.start_time = a.start_time
    AND (NOT a.told AND NOT a.counted OR NOT a.reported AND false IN (a.usage_counted, a.cost_counted))
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_count_again(uuid) FROM PUBLIC;

-- Makes the row of a trace anew from the spans that are left. origins says so of each
-- field which span it is from, and lets the writer look for calls told side by side.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_roll_up(of_trace uuid) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    bounds record;
    sums record;
    root record;
    said record;
    names text[];
    root_fields integer := 0;
    entries bytea := '';
    count integer := 0;
BEGIN
    SELECT coalesce(t.start_time, '-infinity') AS since, coalesce(t.end_time, 'infinity') AS until INTO bounds FROM {{.schema}}.llm_traces t WHERE t.id = of_trace;
    SELECT min(s.start_time) AS since, max(s.end_time) AS until, count(*) AS spans,
        count(*) FILTER (WHERE s.kind = 'llm' AND s.counted) AS llm, count(*) FILTER (WHERE s.kind = 'tool' AND s.counted) AS tool,
        count(*) FILTER (WHERE s.counted AND (s.status = 'error' OR s.error_type IS NOT NULL)) AS errors,
        sum(coalesce(s.input_tokens, (s.aggregate_usage ->> 'input_tokens')::bigint)) FILTER (WHERE s.usage_counted) AS input,
        sum(coalesce(s.output_tokens, (s.aggregate_usage ->> 'output_tokens')::bigint)) FILTER (WHERE s.usage_counted) AS output,
        sum(coalesce(s.total_tokens, (s.aggregate_usage ->> 'total_tokens')::bigint)) FILTER (WHERE s.usage_counted) AS total,
        sum(coalesce(s.total_cost, (s.aggregate_usage ->> 'total_cost')::numeric)) FILTER (WHERE coalesce(s.cost_counted, s.usage_counted)) AS cost,
        array_agg(DISTINCT coalesce(s.request_model, s.response_model) COLLATE "C") FILTER (WHERE s.kind IN ('llm', 'embedding', 'reranker')
            AND coalesce(s.request_model, s.response_model) IS NOT NULL) AS models
    INTO sums FROM {{.schema}}.llm_spans s WHERE s.trace_id = of_trace AND s.start_time BETWEEN bounds.since AND bounds.until;
    SELECT s.* INTO root FROM {{.schema}}.llm_spans s
    WHERE s.trace_id = of_trace AND s.start_time BETWEEN bounds.since AND bounds.until AND s.parent_span_id IS NULL
    ORDER BY s.start_time, s.span_id LIMIT 1;
    names := ARRAY[root.name, root.service_name, root.environment, root.release, root.user_id, root.session_id];
    FOR said IN
        SELECT DISTINCT ON (f.n) f.n::integer, f.value, s.span_id, s.start_time
        FROM {{.schema}}.llm_spans s
        CROSS JOIN LATERAL unnest(ARRAY[s.name, s.service_name, s.environment, s.release, s.user_id, s.session_id]) WITH ORDINALITY AS f (value, n)
        WHERE s.trace_id = of_trace AND s.start_time BETWEEN bounds.since AND bounds.until AND f.value <> ''
        ORDER BY f.n, s.start_time, s.span_id
    LOOP
        IF names[said.n] <> '' THEN
            root_fields := root_fields | 1 << (said.n - 1);
        ELSE
            names[said.n] := said.value;
            count := count + 1;
            entries := entries || {{.schema}}.llm_internal_uvarint(1 << (said.n - 1))
                || {{.schema}}.llm_internal_uvarint((extract(epoch FROM said.start_time - sums.since) * 1000000)::bigint) || decode(said.span_id, 'hex');
        END IF;
    END LOOP;
    UPDATE {{.schema}}.llm_traces t SET
        start_time = sums.since, end_time = sums.until, duration_us = (extract(epoch FROM sums.until - sums.since) * 1000000)::bigint,
        updated_at = now(), span_count = sums.spans, llm_call_count = sums.llm, tool_call_count = sums.tool, error_count = sums.errors,
        input_tokens = coalesce(sums.input, 0), output_tokens = coalesce(sums.output, 0), total_tokens = coalesce(sums.total, 0),
        total_cost = sums.cost, models = coalesce(sums.models, '{}'),
        tags = (SELECT coalesce(array_agg(DISTINCT u.tag COLLATE "C"), '{}') FROM {{.schema}}.llm_spans s CROSS JOIN LATERAL unnest(s.tags) AS u (tag)
                WHERE s.trace_id = of_trace AND s.start_time BETWEEN bounds.since AND bounds.until),
        root_span_id = root.span_id, status = coalesce(root.status, 'unset'),
        name = coalesce(names[1], ''), service_name = names[2], environment = names[3], release = names[4], user_id = names[5], session_id = names[6],
        origins = '\x01' || CASE WHEN root.span_id IS NULL THEN '\x02'::bytea ELSE '\x03'::bytea
                || {{.schema}}.llm_internal_uvarint((extract(epoch FROM root.start_time - sums.since) * 1000000)::bigint)
                || set_byte('\x00', 0, root_fields) END
            || set_byte('\x00', 0, count) || entries || '\x0200000000000000010000000000000002'
    WHERE t.id = of_trace;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_roll_up(uuid) FROM PUBLIC;

-- Removes spans; of traces that have others left, what is counted follows. Returns the
-- traces that are gone.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_remove_spans(of_traces uuid[], of_spans text[], of_times timestamptz[])
RETURNS TABLE (traces bigint, spans bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    one record;
    removed bigint;
BEGIN
    traces := 0;
    spans := 0;
    FOR one IN
        SELECT t.id, t.trace_id, e.ids, e.since, e.until
        FROM (SELECT u.trace_id, array_agg(u.span_id) AS ids, min(u.start_time) AS since, max(u.start_time) AS until
              FROM unnest(of_traces, of_spans, of_times) AS u (trace_id, span_id, start_time) GROUP BY u.trace_id) e
        JOIN {{.schema}}.llm_traces t ON t.id = e.trace_id ORDER BY t.trace_id
    LOOP
        PERFORM FROM {{.schema}}.llm_traces t WHERE t.id = one.id FOR UPDATE;
        INSERT INTO {{.schema}}.llm_usage_hours (hour)
        SELECT DISTINCT date_trunc('hour', s.start_time, 'UTC') FROM {{.schema}}.llm_spans s
        WHERE s.trace_id = one.id AND s.start_time BETWEEN one.since AND one.until
        ON CONFLICT DO NOTHING;
        -- Should an erased span come again, it lies around what is left below it.
        INSERT INTO {{.schema}}.llm_awaited_spans AS a (trace_id, span_id, below)
        SELECT one.id, s.span_id, s.below FROM {{.schema}}.llm_spans s
        WHERE s.trace_id = one.id AND s.span_id = ANY (one.ids) AND s.start_time BETWEEN one.since AND one.until AND s.below <> 0
        ON CONFLICT (trace_id, span_id) DO UPDATE SET below = a.below | EXCLUDED.below;
        DELETE FROM {{.schema}}.llm_spans s
        WHERE s.trace_id = one.id AND s.span_id = ANY (one.ids) AND s.start_time BETWEEN one.since AND one.until;
        GET DIAGNOSTICS removed = ROW_COUNT;
        spans := spans + removed;
        DELETE FROM {{.schema}}.llm_side_by_side b WHERE b.trace_id = one.id AND (b.inner_span_id = ANY (one.ids) OR b.outer_span_id = ANY (one.ids));
        DELETE FROM {{.schema}}.llm_internal_pairs b WHERE b.trace_id = one.id AND (b.inner_span_id = ANY (one.ids) OR b.outer_span_id = ANY (one.ids));
        IF EXISTS (SELECT FROM {{.schema}}.llm_traces t JOIN {{.schema}}.llm_spans s ON s.trace_id = t.id
                AND s.start_time BETWEEN coalesce(t.start_time, '-infinity') AND coalesce(t.end_time, 'infinity') WHERE t.id = one.id) THEN
            PERFORM {{.schema}}.llm_internal_count_again(one.id);
            PERFORM {{.schema}}.llm_internal_roll_up(one.id);
            INSERT INTO {{.schema}}.llm_usage_hours (hour)
            SELECT DISTINCT date_trunc('hour', s.start_time, 'UTC') FROM {{.schema}}.llm_traces t JOIN {{.schema}}.llm_spans s ON s.trace_id = t.id
                AND s.start_time BETWEEN t.start_time AND t.end_time WHERE t.id = one.id
            ON CONFLICT DO NOTHING;
        ELSE
            DELETE FROM {{.schema}}.llm_traces t WHERE t.id = one.id;
            DELETE FROM {{.schema}}.llm_awaited_spans a WHERE a.trace_id = one.id;
            DELETE FROM {{.schema}}.llm_internal_awaited_spans a WHERE a.trace_id = one.id;
            DELETE FROM {{.schema}}.llm_internal_call_keys c WHERE c.trace_id = one.id;
            DELETE FROM {{.schema}}.llm_internal_nested_tools o WHERE o.trace_id = one.id;
            DELETE FROM {{.schema}}.llm_internal_shortened_traces n WHERE n.trace_id = one.id;
            INSERT INTO {{.schema}}.llm_erased_traces (trace_id) VALUES (one.trace_id) ON CONFLICT DO NOTHING;
            traces := traces + 1;
        END IF;
    END LOOP;
    RETURN NEXT;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_remove_spans(uuid[], text[], timestamptz[]) FROM PUBLIC;

-- Erases a trace, a session or a user. What takes long, finding out which words others
-- refer to, is done first while batches go on. Then batches wait, so that none relies on
-- a word that is about to go, and only what was stored meanwhile has to be looked at. A
-- span of theirs that was stored meanwhile is left for the next erasure.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_erase(subject text, value text, whole boolean)
RETURNS TABLE (traces bigint, spans bigint, contents bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET "TimeZone" = 'UTC' AS $$
#variable_conflict use_variable
DECLARE
    writers bigint := hashtextextended({{.schema_literal}} || '.llm_contents', 0); -- batches share this lock
    since timestamptz;
    of_traces uuid[];
    of_spans text[];
    of_times timestamptz[];
    days date[];
    ids uuid[];
    one record;
    removed bigint;
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
    SELECT array_agg(w.day), array_agg(w.id) INTO days, ids FROM (
        SELECT DISTINCT r.day, r.id FROM unnest(of_traces, of_spans, of_times) AS e (trace_id, span_id, start_time)
        CROSS JOIN LATERAL (SELECT r.day, r.id FROM {{.schema}}.llm_content_references r
            WHERE r.trace_id = e.trace_id AND r.span_id = e.span_id AND r.start_time = e.start_time OFFSET 0) r) w;
    SELECT array_agg(w.day), array_agg(w.id) INTO days, ids FROM {{.schema}}.llm_internal_unneeded(days, ids, of_traces, of_spans, NULL) w;

    PERFORM pg_advisory_xact_lock(writers);
    SELECT array_agg(w.day), array_agg(w.id) INTO days, ids FROM {{.schema}}.llm_internal_unneeded(days, ids, of_traces, of_spans, since) w;
    SELECT r.traces, r.spans INTO traces, spans FROM {{.schema}}.llm_internal_remove_spans(of_traces, of_spans, of_times) r;
    contents := 0;
    FOR one IN SELECT w.day, array_agg(w.id) AS ids FROM unnest(days, ids) AS w (day, id) GROUP BY w.day LOOP
        DELETE FROM {{.schema}}.llm_contents c WHERE c.day = one.day AND c.id = ANY (one.ids);
        GET DIAGNOSTICS removed = ROW_COUNT;
        contents := contents + removed;
    END LOOP;
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
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DELETE FROM {{.schema}}.llm_erased_traces e WHERE e.erased_at < now() - interval '1 day';
SELECT e.trace_id, e.erased_at FROM {{.schema}}.llm_erased_traces e WHERE e.erased_at > after;
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_erased_after(timestamptz) FROM PUBLIC;

-- Of the version before.
DROP FUNCTION IF EXISTS {{.schema}}.llm_erase(text, text);
DROP FUNCTION IF EXISTS {{.schema}}.llm_words_of(uuid[]);
DROP FUNCTION IF EXISTS {{.schema}}.llm_traces_of(text, text);
DROP FUNCTION IF EXISTS {{.schema}}.llm_unneeded(date[], uuid[], uuid[], xid);
