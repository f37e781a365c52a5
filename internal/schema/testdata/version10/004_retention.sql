-- What retention needs to remove. Both functions run with the rights of their
-- owner, so that a writer needs no right to drop tables.

-- Drops the oldest partition of llm_spans or llm_contents that ends before a UTC
-- day and returns it; when there is none, deletes what waits in the default
-- partition from before that day. Dropping locks the whole table until the
-- transaction ends; where a long query holds it, that would stall writers behind
-- it, so this gives up after lock_timeout. A partition's disk space is given back
-- at once.
CREATE FUNCTION {{.schema}}.llm_drop_day_before(of_table text, limit_day date)
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
        ORDER BY c.relname
    LOOP
        CONTINUE WHEN part.day >= limit_day;
        bytes := pg_total_relation_size(part.name);
        BEGIN
            EXECUTE format('DROP TABLE %s', part.name);
        EXCEPTION WHEN lock_not_available THEN
            RETURN;
        END;
        dropped_day := part.day;
        row_estimate := part.estimate;
        RETURN NEXT;
        RETURN;
    END LOOP;
    EXECUTE format('DELETE FROM %I.%I WHERE %s < %L', {{.schema_literal}}, of_table || '_default',
        CASE of_table WHEN 'llm_spans' THEN 'start_time' ELSE 'day' END, limit_day);
    GET DIAGNOSTICS deleted = ROW_COUNT;
    IF deleted > 0 THEN
        dropped_day := NULL;
        row_estimate := deleted;
        bytes := 0;
        RETURN NEXT;
    END IF;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_drop_day_before(text, date) FROM PUBLIC;

-- Deletes up to batch_size traces that ended before a UTC day and have no span
-- left, with what the writer keeps of them; returns how many. Rows that a writer has locked are left for the next round.
CREATE FUNCTION {{.schema}}.llm_delete_traces_before(limit_day date, batch_size integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET "TimeZone" = 'UTC' AS $$
DECLARE
    gone uuid[];
BEGIN
    WITH old AS (
        SELECT t.id FROM {{.schema}}.llm_traces t
        WHERE t.end_time < limit_day AND NOT EXISTS (
            SELECT FROM {{.schema}}.llm_spans s WHERE s.trace_id = t.id AND s.start_time BETWEEN t.start_time AND t.end_time)
        LIMIT batch_size FOR UPDATE SKIP LOCKED
    ), deleted AS (
        DELETE FROM {{.schema}}.llm_traces t USING old WHERE t.id = old.id RETURNING t.id
    )
    SELECT array_agg(id) INTO gone FROM deleted;
    DELETE FROM {{.schema}}.llm_awaited_spans WHERE trace_id = ANY (gone);
    DELETE FROM {{.schema}}.llm_side_by_side WHERE trace_id = ANY (gone);
    RETURN coalesce(cardinality(gone), 0);
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_delete_traces_before(date, integer) FROM PUBLIC;

