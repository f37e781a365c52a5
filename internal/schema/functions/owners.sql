-- To whom references to contents belong. Erasure looks up by owners who refers to what it is
-- about to remove, on days of which all references are noted.

-- The owner of a span's references, as content.Owner has it; otel is the id of the trace.
-- 0: none that could be looked up.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_owner(user_id text, session_id text, source text, otel uuid) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    named bytea := CASE WHEN user_id IS NOT NULL THEN convert_to('u' || user_id, 'UTF8')
        WHEN session_id IS NOT NULL THEN convert_to('s' || session_id, 'UTF8')
        WHEN source IS DISTINCT FROM 'event' THEN 't'::bytea || uuid_send(otel) END;
    owner bigint := ('x' || left(encode(sha256(named), 'hex'), 16))::bit(64)::bigint;
BEGIN
    RETURN CASE WHEN named IS NULL THEN 0 WHEN owner IN (0, -1) THEN 1 ELSE owner END;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_owner(text, text, text, uuid) FROM PUBLIC;

-- The owner of a log record's references, as mapping.Event has it; otel is the trace that the
-- record names.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_record_owner(user_id text, session_id text, otel uuid, id uuid) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    owner bigint;
BEGIN
    IF user_id IS NOT NULL OR session_id IS NOT NULL OR otel IS NOT NULL THEN
        RETURN {{.schema}}.llm_internal_owner(user_id, session_id, 'span', otel);
    END IF;
    owner := ('x' || left(encode(sha256('r'::bytea || uuid_send(id)), 'hex'), 16))::bit(64)::bigint;
    RETURN CASE WHEN owner IN (0, -1) THEN 1 ELSE owner END;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_record_owner(text, text, uuid, uuid) FROM PUBLIC;

-- Says that this transaction keeps what is noted of owners right while it changes spans or
-- removes contents, or no longer. A setting of a function would need the right to set it.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_note_owners(noted boolean) RETURNS void
LANGUAGE sql AS $$ SELECT pg_catalog.set_config(s.name, CASE WHEN noted THEN 'on' ELSE 'off' END, true)
FROM (VALUES ('llm_observatory.owners'), ('llm_observatory.record_owners')) AS s (name) $$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_note_owners(boolean) FROM PUBLIC;

-- Notes that the partition of a day's contents was just made. What was written before, to a
-- partition that is gone or to the default partition, may be of any owner.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_begin_owned_day(of_day date, rows_before boolean) RETURNS void
LANGUAGE plpgsql SET "TimeZone" = 'UTC' AS $$
BEGIN
    IF {{.schema}}.llm_internal_has_citus() THEN
        RETURN;
    END IF;
    INSERT INTO {{.schema}}.llm_internal_owned_days (day, since)
    VALUES (of_day, CASE WHEN rows_before OR EXISTS (SELECT FROM {{.schema}}.llm_spans s
        WHERE s.start_time >= of_day::timestamptz AND s.start_time < (of_day + 1)::timestamptz) THEN '-infinity' ELSE clock_timestamp() END)
    ON CONFLICT (day) DO UPDATE SET since = '-infinity';
    DELETE FROM {{.schema}}.llm_internal_content_owners o WHERE o.day = of_day;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_begin_owned_day(date, boolean) FROM PUBLIC;

-- Those of some days of which all references are noted.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_owned(days date[]) RETURNS date[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN ARRAY(SELECT d.day FROM {{.schema}}.llm_internal_owned_days d WHERE d.day = ANY (days)
        AND d.since >= coalesce((SELECT max(h.hour) + interval '1 hour' FROM {{.schema}}.llm_internal_unowned_hours h), '-infinity') AND isfinite(d.since));
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_owned(date[]) FROM PUBLIC;

-- The owners of what is erased, by day, with what their other spans and records are found by:
-- user, session, trace, or the record itself.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_erased_owners(erased_traces uuid[], erased_spans text[], erased_times timestamptz[], event_days date[], event_ids uuid[])
RETURNS TABLE (day date, owner bigint, user_id text, session_id text, otel uuid, record uuid, erased bigint)
LANGUAGE plpgsql STABLE SET "TimeZone" = 'UTC' SET plan_cache_mode = force_custom_plan SET enable_seqscan = off SET enable_mergejoin = off SET jit = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH spans AS MATERIALIZED (
        SELECT e.trace_id, e.span_id, s.start_time::date AS day, s.end_time, s.user_id, s.session_id, s.source = 'event' AND s.user_id IS NULL AND s.session_id IS NULL AS is_told
        FROM unnest(erased_traces, erased_spans, erased_times) AS e (trace_id, span_id, start_time)
        CROSS JOIN LATERAL (SELECT s.start_time, s.end_time, s.user_id, s.session_id, s.source FROM {{.schema}}.llm_spans s
            WHERE s.trace_id = e.trace_id AND s.span_id = e.span_id AND s.start_time = e.start_time OFFSET 0) s
        WHERE isfinite(e.start_time)
    ), records AS MATERIALIZED (
        SELECT r.day, r.user_id, r.session_id, r.id, r.trace_id
        FROM unnest(event_days, event_ids) AS e (day, id)
        CROSS JOIN LATERAL (SELECT r.day, r.id, r.user_id, r.session_id, r.trace_id FROM {{.schema}}.llm_events r WHERE r.day = e.day AND r.id = e.id OFFSET 0) r
    ), erased AS (
        SELECT s.day, s.user_id, s.session_id, NULL::uuid AS record, CASE WHEN t.trace_id ~ '^[0-9a-f]{32}$' THEN t.trace_id::uuid ELSE s.trace_id END AS otel
        FROM spans s
        LEFT JOIN LATERAL (SELECT t.trace_id FROM {{.schema}}.llm_traces t WHERE t.id = s.trace_id OFFSET 0) t ON true
        UNION ALL
        SELECT r.day, r.user_id, r.session_id, r.id, r.trace_id FROM records r
        UNION ALL -- spans that name nobody have the owner that their records have then
        SELECT r.day, NULL, NULL, r.id, r.trace_id FROM records r WHERE EXISTS (SELECT FROM spans s WHERE s.is_told)
        UNION ALL
        SELECT s.day, NULL, NULL, r.id, r.trace_id FROM spans s
        CROSS JOIN LATERAL (SELECT r.id, r.trace_id FROM {{.schema}}.llm_events r
            WHERE r.day = s.end_time::date AND r.id BETWEEN (s.span_id || repeat('0', 16))::uuid AND (s.span_id || repeat('f', 16))::uuid OFFSET 0) r
        WHERE s.is_told AND s.span_id ~ '^[0-9a-f]{16}$' AND isfinite(s.end_time)
    ), keys AS (
        SELECT e.day, e.user_id, CASE WHEN e.user_id IS NULL THEN e.session_id END AS session_id,
            CASE WHEN e.user_id IS NULL AND e.session_id IS NULL THEN e.otel END AS otel,
            CASE WHEN e.user_id IS NULL AND e.session_id IS NULL AND e.otel IS NULL THEN e.record END AS record
        FROM erased e
    )
    SELECT k.day, {{.schema}}.llm_internal_record_owner(k.user_id, k.session_id, k.otel, k.record), k.user_id, k.session_id, k.otel, k.record, count(*)
    FROM keys k GROUP BY k.day, k.user_id, k.session_id, k.otel, k.record;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_erased_owners(uuid[], text[], timestamptz[], date[], uuid[]) FROM PUBLIC;

-- Of contents of days whose references are noted, whose owners' spans and log records refer to
-- them besides those to erase, as far as owners are noted, which owners have none left that
-- does, and whether further ones may refer to it. Owners of what is erased may have other spans
-- and records: those are read by index. Where an owner has more than most other spans on a day,
-- none of its references are looked up. Calls that log records observe may be kept in another
-- trace than the one that their records name.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_owners_left(days date[], ids uuid[], erased_traces uuid[], erased_spans text[], erased_times timestamptz[],
    event_days date[], event_ids uuid[], most bigint)
RETURNS TABLE (day date, id uuid, staying bigint[], gone bigint[], unsure boolean)
LANGUAGE plpgsql STABLE SET "TimeZone" = 'UTC' SET plan_cache_mode = force_custom_plan SET enable_seqscan = off SET enable_mergejoin = off SET jit = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH asked AS MATERIALIZED (
        SELECT u.day, u.id FROM unnest(days, ids) AS u (day, id)
    ), erased AS MATERIALIZED (
        SELECT e.trace_id, e.span_id, e.start_time FROM unnest(erased_traces, erased_spans, erased_times) AS e (trace_id, span_id, start_time)
    ), owners AS MATERIALIZED (
        SELECT o.*, o.day::timestamptz AS since, (o.day + 1)::timestamptz AS until
        FROM {{.schema}}.llm_internal_erased_owners(erased_traces, erased_spans, erased_times, event_days, event_ids) o
        WHERE o.day BETWEEN DATE '0001-01-01' AND DATE '9999-12-30'
    ), places AS MATERIALIZED ( -- where spans and records of a trace are
        SELECT DISTINCT o.otel, p.trace_id AS place, coalesce((SELECT t.id FROM {{.schema}}.llm_traces t WHERE t.trace_id = replace(p.trace_id::text, '-', '')), p.trace_id) AS trace_id, p.span_id
        FROM (SELECT DISTINCT o.otel FROM owners o WHERE o.otel IS NOT NULL) o
        CROSS JOIN LATERAL (
            SELECT o.otel AS trace_id, NULL::text AS span_id
            UNION ALL
            SELECT p.trace_id, p.span_id FROM {{.schema}}.llm_internal_event_places p WHERE p.origin = o.otel AND p.trace_id <> o.otel) p
    ), theirs AS MATERIALIZED (
        SELECT o.day, o.owner, o.erased, s.* FROM owners o CROSS JOIN LATERAL (
            SELECT * FROM (SELECT s.trace_id, s.span_id, s.start_time, s.source FROM {{.schema}}.llm_spans s
                WHERE s.user_id = o.user_id AND s.start_time >= o.since AND s.start_time < o.until LIMIT most + o.erased) u
            UNION ALL
            SELECT * FROM (SELECT s.trace_id, s.span_id, s.start_time, s.source FROM {{.schema}}.llm_spans s
                WHERE s.session_id = o.session_id AND s.user_id IS NULL AND s.start_time >= o.since AND s.start_time < o.until LIMIT most + o.erased) u
            UNION ALL
            SELECT * FROM (SELECT s.trace_id, s.span_id, s.start_time, s.source FROM places p CROSS JOIN LATERAL (
                    SELECT s.trace_id, s.span_id, s.start_time, s.source FROM {{.schema}}.llm_spans s
                    WHERE p.span_id IS NULL AND s.trace_id = p.trace_id AND s.user_id IS NULL AND s.session_id IS NULL AND s.start_time >= o.since AND s.start_time < o.until
                    UNION ALL
                    SELECT s.trace_id, s.span_id, s.start_time, s.source FROM {{.schema}}.llm_spans s
                    WHERE s.trace_id = p.trace_id AND s.span_id = p.span_id AND s.user_id IS NULL AND s.session_id IS NULL AND s.start_time >= o.since AND s.start_time < o.until) s
                WHERE p.otel = o.otel LIMIT most + o.erased) u) s
    ), large AS MATERIALIZED (
        SELECT o.day, o.owner FROM theirs o GROUP BY o.day, o.owner, o.erased HAVING count(*) >= most + o.erased
    ), left_spans AS MATERIALIZED (
        SELECT o.day, o.owner, o.trace_id, o.span_id, o.start_time, o.source FROM theirs o
        WHERE NOT EXISTS (SELECT FROM erased e WHERE e.trace_id = o.trace_id AND e.span_id = o.span_id AND e.start_time = o.start_time)
            AND NOT EXISTS (SELECT FROM large l WHERE l.day = o.day AND l.owner = o.owner)
    ), left_records AS MATERIALIZED (
        SELECT o.day, o.owner, r.id FROM owners o CROSS JOIN LATERAL (
            SELECT r.id FROM {{.schema}}.llm_events r WHERE r.user_id = o.user_id AND r.found_by_call IS NULL AND r.day = o.day AND r.time >= o.since AND r.time < o.until
            UNION ALL
            SELECT r.id FROM {{.schema}}.llm_events r WHERE r.session_id = o.session_id AND r.user_id IS NULL AND r.day = o.day AND r.time >= o.since AND r.time < o.until
            UNION ALL
            SELECT r.id FROM (SELECT DISTINCT p.place FROM places p WHERE p.otel = o.otel) p
            CROSS JOIN LATERAL (SELECT r.id FROM {{.schema}}.llm_events r WHERE r.belongs_to = p.place AND r.found_by_call IS NULL AND r.trace_id = o.otel
                AND r.user_id IS NULL AND r.session_id IS NULL AND r.day = o.day OFFSET 0) r) r
        UNION ALL -- of a call
        SELECT s.day, s.owner, r.id FROM left_spans s
        CROSS JOIN LATERAL (SELECT r.id FROM {{.schema}}.llm_events r WHERE s.source = 'event' AND r.found_by_call AND r.day = s.day
            AND r.id BETWEEN (s.span_id || repeat('0', 16))::uuid AND (s.span_id || repeat('f', 16))::uuid OFFSET 0) r
        WHERE s.span_id ~ '^[0-9a-f]{16}$'
        UNION ALL -- words of a call's record, which came on another day
        SELECT s.day, s.owner, w.id FROM left_spans s
        CROSS JOIN LATERAL (SELECT w.id FROM {{.schema}}.llm_internal_words w WHERE s.source = 'event' AND w.day = s.day
            AND w.id BETWEEN (s.span_id || repeat('0', 16))::uuid AND (s.span_id || repeat('f', 16))::uuid OFFSET 0) w
        WHERE s.span_id ~ '^[0-9a-f]{16}$'
        UNION ALL -- scores that events of the spans are; those of log records have other owners
        SELECT s.day, s.owner, c.id FROM left_spans s
        CROSS JOIN LATERAL (SELECT t.id FROM (VALUES (s.trace_id)) t (id) UNION
            SELECT t.trace_id::uuid FROM {{.schema}}.llm_traces t WHERE t.id = s.trace_id AND t.trace_id ~ '^[0-9a-f]{32}$') t
        CROSS JOIN LATERAL (SELECT c.id FROM {{.schema}}.llm_scores c WHERE c.belongs_to = t.id AND c.span_id = s.span_id AND c.day = s.day OFFSET 0) c
        WHERE NOT EXISTS (SELECT FROM {{.schema}}.llm_events r WHERE r.day = s.day AND r.id = c.id)
    ), refers AS MATERIALIZED (
        SELECT DISTINCT a.day, a.id, o.owner
        FROM left_spans o
        CROSS JOIN LATERAL (SELECT r.id FROM {{.schema}}.llm_content_references r
            WHERE r.trace_id = o.trace_id AND r.span_id = o.span_id AND r.start_time = o.start_time OFFSET 0) r
        JOIN asked a ON a.day = o.day AND a.id = r.id
        UNION
        SELECT a.day, a.id, o.owner
        FROM left_records o
        CROSS JOIN LATERAL (SELECT r.id FROM {{.schema}}.llm_internal_event_references r WHERE r.day = o.day AND r.event_id = o.id OFFSET 0) r
        JOIN asked a ON a.day = o.day AND a.id = r.id
        WHERE NOT EXISTS (SELECT FROM unnest(event_days, event_ids) AS e (day, id) WHERE e.day = o.day AND e.id = o.id)
    ), noted AS MATERIALIZED (
        SELECT a.day, a.id, c.owner FROM asked a
        CROSS JOIN LATERAL (SELECT c.owner FROM {{.schema}}.llm_contents c WHERE c.day = a.day AND c.id = a.id OFFSET 0) c
        UNION
        SELECT a.day, a.id, o.owner FROM asked a
        CROSS JOIN LATERAL (SELECT o.owner FROM {{.schema}}.llm_internal_content_owners o WHERE o.day = a.day AND o.id = a.id OFFSET 0) o
    ), judged AS (
        SELECT n.day, n.id, n.owner, coalesce(n.owner = 0, true) AS others, coalesce(n.owner = -1, false) AS void, l.owner IS NOT NULL AS is_large,
            o.owner IS NOT NULL AS looked_up, r.owner IS NOT NULL AS stays
        FROM noted n
        LEFT JOIN (SELECT DISTINCT o.day, o.owner FROM owners o) o ON o.day = n.day AND o.owner = n.owner
        LEFT JOIN large l ON l.day = n.day AND l.owner = n.owner
        LEFT JOIN refers r ON r.day = n.day AND r.id = n.id AND r.owner = n.owner
    ), of_content AS (
        SELECT j.day, j.id, bool_or(j.void) AS void, bool_or(j.others OR j.is_large) AS others,
            array_agg(j.owner) FILTER (WHERE j.stays) AS referring,
            array_agg(j.owner) FILTER (WHERE NOT j.looked_up AND NOT j.others AND NOT j.void) AS trusted,
            array_agg(j.owner) FILTER (WHERE j.looked_up AND NOT j.stays AND NOT j.is_large) AS gone
        FROM judged j GROUP BY j.day, j.id
    ) -- of a content that is void, some owner that is noted may have no reference any more
    SELECT c.day, c.id, coalesce(c.referring, '{}') || CASE WHEN c.void THEN '{}' ELSE coalesce(c.trusted, '{}') END, coalesce(c.gone, '{}'),
        c.others OR c.void AND c.trusted IS NOT NULL
    FROM of_content c;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_owners_left(date[], uuid[], uuid[], text[], timestamptz[], date[], uuid[], bigint) FROM PUBLIC;

-- Takes owners off contents that stay. A content whose row named one gets another that is
-- noted; else that of one of the first spans of its day, so that the next erasure need not
-- read the day again; or none.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_remove_owners(days date[], ids uuid[], owners bigint[]) RETURNS void
LANGUAGE plpgsql SET "TimeZone" = 'UTC' SET plan_cache_mode = force_custom_plan SET enable_seqscan = off SET enable_mergejoin = off SET jit = off AS $$
BEGIN
    DELETE FROM {{.schema}}.llm_internal_content_owners o USING unnest(days, ids, owners) AS g (day, id, owner)
    WHERE o.day = g.day AND o.id = g.id AND o.owner = g.owner;
    UPDATE {{.schema}}.llm_contents c SET owner = (SELECT min(o.owner) FROM {{.schema}}.llm_internal_content_owners o
        WHERE o.day = c.day AND o.id = c.id AND o.owner NOT IN (0, -1))
    FROM (SELECT g.day, g.id, g.owner FROM unnest(days, ids, owners) AS g (day, id, owner) OFFSET 0) g
    WHERE c.day = g.day AND c.id = g.id AND c.owner = g.owner;
    UPDATE {{.schema}}.llm_contents c SET owner = f.owner
    FROM (
        WITH bare AS MATERIALIZED (
            SELECT DISTINCT g.day, g.id FROM unnest(days, ids) AS g (day, id)
            CROSS JOIN LATERAL (SELECT c.owner FROM {{.schema}}.llm_contents c WHERE c.day = g.day AND c.id = g.id OFFSET 0) c WHERE c.owner IS NULL
        ), first AS MATERIALIZED (
            SELECT b.day, s.* FROM (SELECT DISTINCT b.day FROM bare b) b
            CROSS JOIN LATERAL (SELECT s.trace_id, s.span_id, s.start_time, s.user_id, s.session_id, s.source FROM {{.schema}}.llm_spans s
                WHERE s.start_time >= b.day::timestamptz AND s.start_time < (b.day + 1)::timestamptz LIMIT 1000) s
            WHERE s.user_id IS NOT NULL OR s.session_id IS NOT NULL
        )
        SELECT DISTINCT ON (b.day, b.id) b.day, b.id, {{.schema}}.llm_internal_owner(s.user_id, s.session_id, s.source, s.trace_id) AS owner
        FROM first s
        CROSS JOIN LATERAL (SELECT r.id FROM {{.schema}}.llm_content_references r
            WHERE r.trace_id = s.trace_id AND r.span_id = s.span_id AND r.start_time = s.start_time OFFSET 0) r
        JOIN bare b ON b.day = s.day AND b.id = r.id
    ) f
    WHERE c.day = f.day AND c.id = f.id;
    UPDATE {{.schema}}.llm_contents_removals SET removals = removals + 1; -- collectors know who was noted
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_remove_owners(date[], uuid[], bigint[]) FROM PUBLIC;

-- Removes those of the contents again that this very transaction has stored, and returns them.
-- Spans turn out to be stored already, with other words, after the words of a batch are stored: no
-- row would show these, and no erasure find them. Nobody else has seen the contents, so this is no
-- removal that collectors must know of. On Citus rows have the transactions of other nodes, and
-- the contents stay until retention drops their day.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_unstore(of_day date, ids uuid[]) RETURNS SETOF uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT {{.schema}}.llm_internal_has_citus() THEN
        PERFORM set_config('llm_observatory.unstoring', 'on', true);
        RETURN QUERY DELETE FROM {{.schema}}.llm_contents c
            WHERE c.day = of_day AND c.id = ANY (ids) AND c.xmin = pg_current_xact_id()::xid RETURNING c.id;
        PERFORM set_config('llm_observatory.unstoring', 'off', true);
    END IF;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_unstore(date, uuid[]) FROM PUBLIC;

-- Of the version before.
DROP FUNCTION IF EXISTS {{.schema}}.llm_internal_owners_left(date[], uuid[], uuid[], text[], timestamptz[]);
DROP FUNCTION IF EXISTS {{.schema}}.llm_internal_owners_left(date[], uuid[], uuid[], text[], timestamptz[], date[], uuid[]);
