-- What retention needs to remove. The functions run with the rights of their
-- owner, so that a writer needs no right to drop tables.

-- The days of a table that end before a UTC day, oldest first, with what is in them.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_due_days(of_table text, limit_day date)
RETURNS TABLE (day date, rows bigint, bytes bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET "TimeZone" = 'UTC' AS $$
DECLARE
    part regclass;
BEGIN
    FOR part, day IN SELECT p.part, p.day FROM {{.schema}}.llm_internal_partitions(of_table) p WHERE p.day < limit_day ORDER BY p.day LOOP
        EXECUTE format('SELECT count(*) FROM %s', part) INTO rows;
        bytes := {{.schema}}.llm_internal_size(part, '_total_relation_size');
        RETURN NEXT;
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_due_days(text, date) FROM PUBLIC;

-- The partitions of a table by day.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_partitions(of_table text) RETURNS TABLE (part regclass, day date, row_estimate bigint)
LANGUAGE sql STABLE AS $$
SELECT c.oid::pg_catalog.regclass, pg_catalog.to_date(pg_catalog.right(c.relname, 8), 'YYYYMMDD'), greatest(c.reltuples, 0)::bigint
FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = pg_catalog.to_regclass(pg_catalog.format('%I.%I', {{.schema_literal}}, of_table))
    AND c.relname ~ ('^' || of_table || '_[0-9]{8}$')
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_partitions(text) FROM PUBLIC;

-- Locks a table against everybody; false if that cannot be had. Batches queue up behind
-- a lock that is waited for, and it is had once those in flight have ended: so the first
-- waits are short, and longer ones follow only if batches are slow. A long query may
-- hold the table for any time; then batches have been held up for 2 s at most at a time.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_lock_table(of_table text) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    wait text;
BEGIN
    FOREACH wait IN ARRAY ARRAY['100ms', '300ms', '1s', '2s'] LOOP
        BEGIN
            PERFORM set_config('lock_timeout', wait, true);
            EXECUTE format('LOCK TABLE %I.%I IN ACCESS EXCLUSIVE MODE', {{.schema_literal}}, of_table);
            RETURN true;
        EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
            PERFORM pg_sleep(0.2); -- lets the batches pass that have queued up
        END;
    END LOOP;
    RETURN false;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_lock_table(text) FROM PUBLIC;

-- Drops the oldest partition of a table by days that ends before a UTC
-- day and returns it; when there is none, deletes what waits in the default
-- partition from before that day. A day of spans goes only once all of its hours are
-- folded; their sums stay. Dropping locks the whole table until the transaction ends. A
-- partition's disk space is given back at once.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_drop_day_before(of_table text, limit_day date)
RETURNS TABLE (dropped_day date, row_estimate bigint, bytes bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET "TimeZone" = 'UTC' SET lock_timeout = '200ms' AS $$
DECLARE
    oldest record;
    deleted bigint;
    kept_from timestamptz := limit_day; -- as in llm_delete_traces_before
BEGIN
    IF of_table NOT IN ('llm_spans', 'llm_contents', 'llm_events', 'llm_scores') THEN
        RAISE EXCEPTION 'llm_drop_day_before: table % has no days; it takes llm_spans, llm_contents, llm_events or llm_scores', of_table;
    END IF;
    SELECT p.part, p.day, p.row_estimate INTO oldest FROM {{.schema}}.llm_internal_partitions(of_table) p
    WHERE p.day < limit_day ORDER BY p.day LIMIT 1;
    IF FOUND THEN
        bytes := {{.schema}}.llm_internal_size(oldest.part, '_total_relation_size');
        IF of_table = 'llm_spans' AND {{.schema}}.llm_internal_unfolded(oldest.day) -- nobody is held up for nothing
                OR NOT {{.schema}}.llm_internal_lock_table(of_table) THEN
            RETURN;
        END IF;
        IF of_table = 'llm_spans' THEN
            -- No batch is in flight now, so no note of an hour is missed.
            IF {{.schema}}.llm_internal_unfolded(oldest.day) THEN
                RETURN;
            END IF;
            PERFORM {{.schema}}.llm_internal_keep_usage(oldest.day, oldest.day + 1);
            UPDATE {{.schema}}.llm_internal_retention r SET dropped_before = greatest(r.dropped_before, oldest.day + 1);
        END IF;
        IF of_table IN ('llm_contents', 'llm_events') THEN
            DELETE FROM {{.schema}}.llm_internal_words w WHERE w.day <= oldest.day;
        END IF;
        IF of_table = 'llm_contents' THEN
            DELETE FROM {{.schema}}.llm_internal_content_owners o WHERE o.day <= oldest.day;
            kept_from := oldest.day + 1;
            DELETE FROM {{.schema}}.llm_internal_former_words f WHERE f.start_time < kept_from;
        END IF;
        EXECUTE format('DROP TABLE %s', oldest.part);
        dropped_day := oldest.day;
        row_estimate := oldest.row_estimate;
        RETURN NEXT;
        RETURN;
    END IF;
    IF of_table <> 'llm_spans' THEN
        PERFORM {{.schema}}.llm_internal_note_owners(true);
        EXECUTE format('DELETE FROM %I.%I WHERE day < %L', {{.schema_literal}}, of_table || '_default', limit_day);
        GET DIAGNOSTICS deleted = ROW_COUNT;
        PERFORM {{.schema}}.llm_internal_note_owners(false);
        IF of_table IN ('llm_contents', 'llm_events') THEN
            DELETE FROM {{.schema}}.llm_internal_words w WHERE w.day < limit_day;
        END IF;
        IF of_table = 'llm_contents' THEN
            DELETE FROM {{.schema}}.llm_internal_former_words f WHERE f.start_time < kept_from;
        END IF;
    ELSIF EXISTS (SELECT FROM {{.schema}}.llm_spans_default s WHERE s.start_time < kept_from) THEN
        LOCK TABLE {{.schema}}.llm_spans_default IN SHARE ROW EXCLUSIVE MODE;
        PERFORM {{.schema}}.llm_internal_keep_usage('-infinity', limit_day);
        DELETE FROM {{.schema}}.llm_spans_default s
        WHERE s.start_time < kept_from AND NOT EXISTS (
            SELECT FROM {{.schema}}.llm_usage_hours h WHERE h.hour AT TIME ZONE 'UTC' = date_trunc('hour', s.start_time AT TIME ZONE 'UTC'));
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
REVOKE ALL ON FUNCTION {{.schema}}.llm_drop_day_before(text, date) FROM PUBLIC;

-- Whether an hour of a UTC day waits to be folded.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_unfolded(day date) RETURNS boolean
LANGUAGE plpgsql VOLATILE SET "TimeZone" = 'UTC' AS $$
BEGIN
    RETURN EXISTS (SELECT FROM {{.schema}}.llm_usage_hours h WHERE h.hour >= llm_internal_unfolded.day AND h.hour < llm_internal_unfolded.day + 1);
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_unfolded(date) FROM PUBLIC;

-- Deletes the traces in a range of blocks of the table that ended before a UTC day
-- and have no span left, with what the writer keeps of them, and notes those that have
-- lost some of their spans. Going through the table
-- by blocks reads each row once, whatever is deleted. Rows that a writer has locked
-- are left for the next round. done tells that there are no blocks beyond the range.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_delete_traces_before(limit_day date, first_block bigint, blocks integer)
RETURNS TABLE (deleted bigint, done boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET "TimeZone" = 'UTC' AS $$
DECLARE
    kept_from timestamptz := limit_day; -- Citus refuses to delete by a comparison of a time with a date
    gone uuid[];
    shortened uuid[];
BEGIN
    -- Before anything is deleted: Citus tells no size afterwards.
    done := first_block + blocks >= {{.schema}}.llm_internal_size(to_regclass(format('%I.llm_traces', {{.schema_literal}})), '_relation_size') / current_setting('block_size')::bigint;
    WITH old AS (
        SELECT t.id FROM {{.schema}}.llm_traces t
        WHERE t.ctid >= format('(%s,0)', first_block)::tid AND t.ctid < format('(%s,0)', first_block + blocks)::tid
            AND coalesce(t.end_time, t.updated_at) < kept_from AND NOT EXISTS (
                SELECT FROM {{.schema}}.llm_spans s WHERE s.trace_id = t.id
                    AND s.start_time BETWEEN coalesce(t.start_time, '-infinity') AND coalesce(t.end_time, 'infinity'))
        FOR UPDATE SKIP LOCKED
    ), removed AS (
        DELETE FROM {{.schema}}.llm_traces t USING old WHERE t.id = old.id RETURNING t.id
    )
    SELECT array_agg(id) INTO gone FROM removed;
    PERFORM {{.schema}}.llm_internal_forget_counting(gone);
    DELETE FROM {{.schema}}.llm_internal_shortened_traces WHERE trace_id = ANY (gone);
    DELETE FROM {{.schema}}.llm_internal_traces_to_price WHERE trace_id = ANY (gone);
    shortened := ARRAY(SELECT t.id FROM {{.schema}}.llm_traces t
        WHERE t.ctid >= format('(%s,0)', first_block)::tid AND t.ctid < format('(%s,0)', first_block + blocks)::tid AND t.start_time < kept_from);
    INSERT INTO {{.schema}}.llm_internal_shortened_traces SELECT unnest(shortened) ON CONFLICT DO NOTHING;
    deleted := coalesce(cardinality(gone), 0);
    IF done THEN
        DELETE FROM {{.schema}}.llm_internal_call_candidates c WHERE c.end_time < kept_from;
        DELETE FROM {{.schema}}.llm_internal_event_places p WHERE p.start_time < kept_from;
        UPDATE {{.schema}}.llm_internal_retention r SET noted_before = greatest(r.noted_before, limit_day);
    END IF;
    RETURN NEXT;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_delete_traces_before(date, bigint, integer) FROM PUBLIC;

-- Deletes up to batch_size resources whose spans are all from before a UTC day;
-- returns how many.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_delete_resources_before(limit_day date, batch_size integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    deleted bigint;
BEGIN
    WITH old AS (
        SELECT r.id FROM {{.schema}}.llm_resources r WHERE r.last_day < limit_day LIMIT batch_size FOR UPDATE SKIP LOCKED
    )
    DELETE FROM {{.schema}}.llm_resources r USING old WHERE r.id = old.id;
    GET DIAGNOSTICS deleted = ROW_COUNT;
    RETURN deleted;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_delete_resources_before(date, integer) FROM PUBLIC;
