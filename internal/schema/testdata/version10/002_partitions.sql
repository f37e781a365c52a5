-- Creates the partitions of a UTC day unless they are there; true if it did.
-- The tables are made first and attached after, since ATTACH, unlike CREATE
-- TABLE … PARTITION OF, lets writers of other days go on. Rows of that day
-- that wait in the default partition move along. It runs with the rights of
-- its owner, so that a writer needs no right to create tables. Attaching locks the
-- default partition, which a long query may hold: then it gives up, and rows of
-- that day wait in the default partition for the next try.
CREATE FUNCTION {{.schema}}.llm_create_day(day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET "TimeZone" = 'UTC' SET lock_timeout = '2s' AS $$
DECLARE
    suffix text := to_char(day, 'YYYYMMDD');
    spans text := format('%I.%I', {{.schema_literal}}, 'llm_spans_' || suffix);
    contents text := format('%I.%I', {{.schema_literal}}, 'llm_contents_' || suffix);
    all_spans text := format('%I.%I', {{.schema_literal}}, 'llm_spans');
    all_contents text := format('%I.%I', {{.schema_literal}}, 'llm_contents');
    created boolean := false;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended({{.schema_literal}} || '.llm_create_day', 0));
    IF to_regclass(spans) IS NULL THEN
        EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING ALL)', spans, all_spans);
        IF EXISTS (SELECT FROM {{.schema}}.llm_spans_default
                   WHERE start_time >= day::timestamptz AND start_time < (day + 1)::timestamptz) THEN
            LOCK TABLE {{.schema}}.llm_spans_default IN ACCESS EXCLUSIVE MODE;
            EXECUTE format('WITH moved AS (DELETE FROM %I.llm_spans_default WHERE start_time >= %L AND start_time < %L RETURNING *)
                INSERT INTO %s SELECT * FROM moved', {{.schema_literal}}, day::timestamptz, (day + 1)::timestamptz, spans);
        END IF;
        EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)',
            all_spans, spans, day::timestamptz, (day + 1)::timestamptz);
        created := true;
    END IF;
    IF to_regclass(contents) IS NULL THEN
        EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING ALL)', contents, all_contents);
        EXECUTE format('CREATE TRIGGER llm_count_removal AFTER DELETE OR TRUNCATE ON %s
            FOR EACH STATEMENT EXECUTE FUNCTION %I.llm_count_removal()', contents, {{.schema_literal}});
        IF EXISTS (SELECT FROM {{.schema}}.llm_contents_default c WHERE c.day = llm_create_day.day) THEN
            LOCK TABLE {{.schema}}.llm_contents_default IN ACCESS EXCLUSIVE MODE;
            EXECUTE format('WITH moved AS (DELETE FROM %I.llm_contents_default WHERE day = %L RETURNING *)
                INSERT INTO %s SELECT * FROM moved', {{.schema_literal}}, day, contents);
        END IF;
        EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)',
            all_contents, contents, day, day + 1);
        created := true;
    END IF;
    RETURN created;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_create_day(date) FROM PUBLIC;

