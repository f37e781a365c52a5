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
    spanless date[]; -- days of records of which all spans are gone: retention takes one table after the other
    event_days date[];
    of_day date;
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
    IF subject = 'user' THEN
        SELECT array_agg(p.day) INTO event_days FROM {{.schema}}.llm_internal_partitions('llm_events') p;
        of_day := (SELECT min(e.day) FROM {{.schema}}.llm_events_default e);
        WHILE of_day IS NOT NULL LOOP
            event_days := event_days || of_day;
            of_day := (SELECT min(e.day) FROM {{.schema}}.llm_events_default e WHERE e.day > of_day);
        END LOOP;
        FOREACH of_day IN ARRAY coalesce(event_days, '{}') LOOP
            IF of_day NOT BETWEEN DATE '0001-01-01' AND DATE '9999-12-30' THEN -- of other programs
                spanless := spanless || of_day;
            ELSIF NOT EXISTS (SELECT FROM {{.schema}}.llm_spans s WHERE s.start_time >= of_day::timestamptz AND s.start_time < (of_day + 1)::timestamptz) THEN
                spanless := spanless || of_day;
            END IF;
        END LOOP;
    END IF;
    RETURN QUERY
    SELECT e.day, e.id FROM {{.schema}}.llm_events e WHERE subject = 'user' AND e.user_id = value AND e.found_by_call IS NULL
    UNION
    SELECT e.day, e.id FROM {{.schema}}.llm_events e WHERE subject = 'user' AND e.user_id = value AND e.day = ANY (spanless)
    UNION
    SELECT e.day, e.id FROM {{.schema}}.llm_events e WHERE subject = 'session' AND e.session_id = value
    UNION
    SELECT e.day, e.id FROM {{.schema}}.llm_events e WHERE e.belongs_to = ANY (theirs) AND e.found_by_call IS NULL
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
    JOIN {{.schema}}.llm_events r ON r.belongs_to = t.id AND r.found_by_call IS NULL AND r.day = e.start_time::date AND r.time = e.start_time
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
DROP FUNCTION IF EXISTS {{.schema}}.llm_traces_of(text, text);
DROP FUNCTION IF EXISTS {{.schema}}.llm_internal_events_of(text, text, uuid[], uuid[], text[], boolean);
