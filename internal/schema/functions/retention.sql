-- What retention needs to remove. The functions run with the rights of their
-- owner, so that a writer needs no right to drop tables.

-- Drops the oldest partition of llm_spans or llm_contents that ends before a UTC
-- day and returns it; when there is none, deletes what waits in the default
-- partition from before that day. A day of spans goes only once all of its hours are
-- folded; their sums stay. Dropping locks the whole table until the transaction ends;
-- where a long query holds it, that would stall writers behind it, so this gives up
-- after lock_timeout. A partition's disk space is given back at once.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_drop_day_before(of_table text, limit_day date)
RETURNS TABLE (dropped_day date, row_estimate bigint, bytes bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET "TimeZone" = 'UTC' SET lock_timeout = '200ms' AS $$
DECLARE
    part record;
    deleted bigint;
BEGIN
    IF of_table NOT IN ('llm_spans', 'llm_contents') THEN
        RAISE EXCEPTION 'llm_drop_day_before: table % has no days; it takes llm_spans or llm_contents', of_table;
    END IF;
    FOR part IN
        SELECT c.oid::regclass AS name, to_date(right(c.relname, 8), 'YYYYMMDD') AS day, greatest(c.reltuples, 0)::bigint AS estimate
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = to_regclass(format('%I.%I', {{.schema_literal}}, of_table))
            AND c.relname ~ ('^' || of_table || '_[0-9]{8}$')
            AND to_date(right(c.relname, 8), 'YYYYMMDD') < limit_day
        ORDER BY c.relname LIMIT 1
    LOOP
        bytes := pg_total_relation_size(part.name);
        -- No batch is in flight once this lock is there, so no note of an hour is missed.
        EXECUTE format('LOCK TABLE %I.%I IN ACCESS EXCLUSIVE MODE', {{.schema_literal}}, of_table);
        IF of_table = 'llm_spans' THEN
            IF EXISTS (SELECT FROM {{.schema}}.llm_usage_hours h WHERE h.hour >= part.day AND h.hour < part.day + 1) THEN
                RETURN;
            END IF;
            UPDATE {{.schema}}.llm_usage_hourly f SET dropped = true
            WHERE f.hour >= part.day AND f.hour < part.day + 1 AND NOT f.dropped;
        END IF;
        EXECUTE format('DROP TABLE %s', part.name);
        dropped_day := part.day;
        row_estimate := part.estimate;
        RETURN NEXT;
        RETURN;
    END LOOP;
    IF of_table = 'llm_contents' THEN
        DELETE FROM {{.schema}}.llm_contents_default c WHERE c.day < limit_day;
        GET DIAGNOSTICS deleted = ROW_COUNT;
    ELSIF EXISTS (SELECT FROM {{.schema}}.llm_spans_default s WHERE s.start_time < limit_day) THEN
        LOCK TABLE {{.schema}}.llm_spans_default IN SHARE ROW EXCLUSIVE MODE;
        UPDATE {{.schema}}.llm_usage_hourly f SET dropped = true
        WHERE f.hour < limit_day AND NOT f.dropped AND NOT EXISTS (SELECT FROM {{.schema}}.llm_usage_hours h WHERE h.hour = f.hour);
        DELETE FROM {{.schema}}.llm_spans_default s
        WHERE s.start_time < limit_day
            AND NOT EXISTS (SELECT FROM {{.schema}}.llm_usage_hours h WHERE h.hour = date_trunc('hour', s.start_time));
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

-- Deletes the traces in a range of blocks of the table that ended before a UTC day
-- and have no span left, with what the writer keeps of them. Going through the table
-- by blocks reads each row once, whatever is deleted. Rows that a writer has locked
-- are left for the next round. done tells that there are no blocks beyond the range.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_delete_traces_before(limit_day date, first_block bigint, blocks integer)
RETURNS TABLE (deleted bigint, done boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET "TimeZone" = 'UTC' AS $$
DECLARE
    gone uuid[];
BEGIN
    WITH old AS (
        SELECT t.id FROM {{.schema}}.llm_traces t
        WHERE t.ctid >= format('(%s,0)', first_block)::tid AND t.ctid < format('(%s,0)', first_block + blocks)::tid
            AND coalesce(t.end_time, t.updated_at) < limit_day AND NOT EXISTS (
                SELECT FROM {{.schema}}.llm_spans s WHERE s.trace_id = t.id
                    AND s.start_time BETWEEN coalesce(t.start_time, '-infinity') AND coalesce(t.end_time, 'infinity'))
        FOR UPDATE SKIP LOCKED
    ), removed AS (
        DELETE FROM {{.schema}}.llm_traces t USING old WHERE t.id = old.id RETURNING t.id
    )
    SELECT array_agg(id) INTO gone FROM removed;
    DELETE FROM {{.schema}}.llm_awaited_spans WHERE trace_id = ANY (gone);
    DELETE FROM {{.schema}}.llm_side_by_side WHERE trace_id = ANY (gone);
    deleted := coalesce(cardinality(gone), 0);
    done := first_block + blocks >= pg_relation_size(format('%I.llm_traces', {{.schema_literal}})) / current_setting('block_size')::bigint;
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
