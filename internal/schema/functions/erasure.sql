-- Erasure removes traces with every word that nobody else's span refers to.

-- Which of some contents no span refers to, spans of the traces to erase apart; with
-- since only spans that transactions from then on stored are looked at. It reads
-- the contents' days whole.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_unneeded(days date[], ids uuid[], erased uuid[], since xid)
RETURNS TABLE (day date, id uuid)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET "TimeZone" = 'UTC' AS $$
#variable_conflict use_column
DECLARE
    of_day record;
BEGIN
    FOR of_day IN SELECT w.day, array_agg(w.id) AS ids FROM unnest(days, ids) AS w (day, id) GROUP BY w.day LOOP
        RETURN QUERY
        SELECT of_day.day, w.id FROM unnest(of_day.ids) AS w (id)
        EXCEPT
        SELECT of_day.day, r.id FROM {{.schema}}.llm_content_references r JOIN unnest(of_day.ids) AS w (id) ON w.id = r.id
        WHERE r.start_time >= of_day.day AND r.start_time < of_day.day + 1
            AND (since IS NULL OR age(r.stored_by) <= age(since))
            AND NOT EXISTS (SELECT FROM unnest(erased) AS e (id) WHERE e.id = r.trace_id);
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_unneeded(date[], uuid[], uuid[], xid) FROM PUBLIC;

-- The traces to erase.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_traces_of(column_name text, value text) RETURNS uuid[]
LANGUAGE sql STABLE AS $$
SELECT array_agg(t.id) FROM (
    SELECT id FROM {{.schema}}.llm_traces WHERE column_name = 'trace_id' AND trace_id = lower(value)
    UNION
    SELECT trace_id FROM {{.schema}}.llm_spans WHERE column_name = 'session_id' AND session_id = value
    UNION
    SELECT id FROM {{.schema}}.llm_traces WHERE column_name = 'session_id' AND session_id = value
    UNION
    SELECT trace_id FROM {{.schema}}.llm_spans WHERE column_name = 'user_id' AND user_id = value
    UNION
    SELECT id FROM {{.schema}}.llm_traces WHERE column_name = 'user_id' AND user_id = value) t
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_traces_of(text, text) FROM PUBLIC;

-- The contents that spans of some traces refer to.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_words_of(traces uuid[]) RETURNS TABLE (day date, id uuid)
LANGUAGE sql STABLE AS $$
SELECT DISTINCT r.day, r.id
FROM {{.schema}}.llm_traces t
CROSS JOIN LATERAL (
    SELECT r.day, r.id FROM {{.schema}}.llm_content_references r
    WHERE r.trace_id = t.id AND r.start_time BETWEEN coalesce(t.start_time, '-infinity') AND coalesce(t.end_time, 'infinity') OFFSET 0) r
WHERE t.id = ANY (traces)
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_words_of(uuid[]) FROM PUBLIC;

-- Erases the traces whose column has a value. What takes long, finding out which
-- words others refer to, is done first while batches go on. Then batches wait, so
-- that none relies on a word that is about to go, and only what was stored meanwhile
-- has to be looked at.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_erase(column_name text, value text)
RETURNS TABLE (traces bigint, spans bigint, contents bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET "TimeZone" = 'UTC' AS $$
#variable_conflict use_variable
DECLARE
    before pg_snapshot := pg_current_snapshot();
    erased uuid[];
    days date[];
    ids uuid[];
    free_days date[];
    free_ids uuid[];
    one record;
    deleted bigint;
BEGIN
    IF coalesce(btrim(value), '') = '' THEN
        RAISE EXCEPTION 'nothing is erased: % is %', column_name, CASE WHEN value IS NULL THEN 'null' ELSE 'empty' END
            USING ERRCODE = 'null_value_not_allowed', HINT = format('Give the %s of what to erase.', column_name);
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended({{.schema_literal}} || '.llm_erase', 0));
    erased := {{.schema}}.llm_traces_of(column_name, value);
    SELECT array_agg(w.day), array_agg(w.id) INTO days, ids FROM {{.schema}}.llm_words_of(erased) w;
    SELECT array_agg(w.day), array_agg(w.id) INTO free_days, free_ids FROM {{.schema}}.llm_unneeded(days, ids, erased, NULL) w;

    PERFORM pg_advisory_xact_lock(hashtextextended({{.schema_literal}} || '.llm_contents', 0));
    erased := {{.schema}}.llm_traces_of(column_name, value);
    SELECT array_agg(w.day), array_agg(w.id) INTO free_days, free_ids
    FROM (
        SELECT w.day, w.id FROM {{.schema}}.llm_unneeded(free_days, free_ids, erased, pg_snapshot_xmin(before)::xid) w
        UNION ALL
        SELECT w.day, w.id FROM (
            SELECT array_agg(n.day) AS days, array_agg(n.id) AS ids FROM (
                SELECT n.day, n.id FROM {{.schema}}.llm_words_of(erased) n EXCEPT SELECT * FROM unnest(days, ids)) n) n
        CROSS JOIN LATERAL {{.schema}}.llm_unneeded(n.days, n.ids, erased, NULL) w) w;

    traces := 0;
    spans := 0;
    contents := 0;
    FOR one IN
        SELECT t.id, t.trace_id, coalesce(t.start_time, '-infinity') AS start_time, coalesce(t.end_time, 'infinity') AS end_time
        FROM {{.schema}}.llm_traces t WHERE t.id = ANY (erased) ORDER BY t.trace_id
    LOOP
        INSERT INTO {{.schema}}.llm_usage_hours (hour)
        SELECT DISTINCT date_trunc('hour', s.start_time) FROM {{.schema}}.llm_spans s
        WHERE s.trace_id = one.id AND s.start_time BETWEEN one.start_time AND one.end_time
        ON CONFLICT DO NOTHING;
        DELETE FROM {{.schema}}.llm_spans s
        WHERE s.trace_id = one.id AND s.start_time BETWEEN one.start_time AND one.end_time;
        GET DIAGNOSTICS deleted = ROW_COUNT;
        spans := spans + deleted;
        DELETE FROM {{.schema}}.llm_traces t WHERE t.id = one.id;
        DELETE FROM {{.schema}}.llm_awaited_spans a WHERE a.trace_id = one.id;
        DELETE FROM {{.schema}}.llm_side_by_side b WHERE b.trace_id = one.id;
        INSERT INTO {{.schema}}.llm_erased_traces (trace_id) VALUES (one.trace_id);
        traces := traces + 1;
    END LOOP;
    FOR one IN SELECT w.day, array_agg(w.id) AS ids FROM unnest(free_days, free_ids) AS w (day, id) GROUP BY w.day LOOP
        DELETE FROM {{.schema}}.llm_contents c WHERE c.day = one.day AND c.id = ANY (one.ids);
        GET DIAGNOSTICS deleted = ROW_COUNT;
        contents := contents + deleted;
    END LOOP;
    RETURN NEXT;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_erase(text, text) FROM PUBLIC;

-- Erases a trace by its hex id. Like the two below it returns what went, refuses
-- to run without a value, and is safe while collectors write: a span that arrives
-- later starts a new trace, with all of its words.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_erase_trace(trace_id text)
RETURNS TABLE (traces bigint, spans bigint, contents bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ SELECT * FROM {{.schema}}.llm_erase('trace_id', trace_id) $$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_erase_trace(text) FROM PUBLIC;

-- Erases every trace with a span of a session.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_erase_session(session_id text)
RETURNS TABLE (traces bigint, spans bigint, contents bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ SELECT * FROM {{.schema}}.llm_erase('session_id', session_id) $$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_erase_session(text) FROM PUBLIC;

-- Erases every trace with a span of a user.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_erase_user(user_id text)
RETURNS TABLE (traces bigint, spans bigint, contents bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ SELECT * FROM {{.schema}}.llm_erase('user_id', user_id) $$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_erase_user(text) FROM PUBLIC;

-- The traces erased after a time; notes older than a day go.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_erased_after(after timestamptz) RETURNS SETOF {{.schema}}.llm_erased_traces
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DELETE FROM {{.schema}}.llm_erased_traces e WHERE e.erased_at < now() - interval '1 day';
SELECT e.trace_id, e.erased_at FROM {{.schema}}.llm_erased_traces e WHERE e.erased_at > after;
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_erased_after(timestamptz) FROM PUBLIC;
