-- What retention removes besides days: traces and resources that nothing refers to.

-- The last UTC day with a span of the resource, so that nobody has to search the
-- spans for it. Of rows stored before this column was, nobody knows.
ALTER TABLE {{.schema}}.llm_resources ADD COLUMN last_day date NOT NULL DEFAULT CURRENT_DATE + 7;
ALTER TABLE {{.schema}}.llm_resources ALTER COLUMN last_day DROP DEFAULT;

DROP FUNCTION {{.schema}}.llm_delete_traces_before(date, integer);

-- Deletes the traces in a range of blocks of the table that ended before a UTC day
-- and have no span left, with what the writer keeps of them. Going through the table
-- by blocks reads each row once, whatever is deleted. Rows that a writer has locked
-- are left for the next round. done tells that there are no blocks beyond the range.
CREATE FUNCTION {{.schema}}.llm_delete_traces_before(limit_day date, first_block bigint, blocks integer)
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
CREATE FUNCTION {{.schema}}.llm_delete_resources_before(limit_day date, batch_size integer) RETURNS bigint
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

