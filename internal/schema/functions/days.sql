-- Whether the database has the extension Citus, which may keep the rows of the schema on
-- another server.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_has_citus() RETURNS boolean
LANGUAGE sql STABLE AS $$ SELECT EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE e.extname = 'citus') $$;

-- The bytes of a table, by the function of PostgreSQL that is named, or by that of Citus
-- where another server has the rows.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_size(relation oid, by text) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
    bytes bigint;
    moved boolean := false;
BEGIN
    IF {{.schema}}.llm_internal_has_citus() THEN
        EXECUTE 'SELECT EXISTS (SELECT FROM pg_catalog.pg_dist_partition d WHERE d.logicalrelid = $1)' INTO moved USING relation;
    END IF;
    EXECUTE format('SELECT pg_catalog.%I($1)', CASE WHEN moved THEN 'citus' ELSE 'pg' END || by) INTO bytes USING relation::regclass;
    RETURN bytes;
END
$$;

-- Tables by UTC day: each partitioned table of the schema that has a default partition.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_day_tables() RETURNS TABLE (table_name text, key text, is_date boolean)
LANGUAGE sql STABLE AS $$
SELECT c.relname::text, a.attname::text, a.atttypid = 'pg_catalog.date'::pg_catalog.regtype
FROM pg_catalog.pg_partitioned_table p
JOIN pg_catalog.pg_class c ON c.oid = p.partrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = p.partattrs[0]
WHERE n.nspname = {{.schema_literal}} AND c.relname ^@ 'llm_' AND p.partdefid <> 0
ORDER BY c.relname = 'llm_spans' DESC, c.relname
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_day_tables() FROM PUBLIC;

-- Creates the partition of a day of one table unless it is there; true if it did. The
-- table is made first and attached after, since ATTACH, unlike CREATE TABLE … PARTITION
-- OF, lets writers of other days go on. Rows of that day that wait in the default
-- partition move along. Default privileges may have opened the new table to a role that
-- must not read the whole, so nobody gets rights on a partition.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_create_partition(of_table text, key text, is_date boolean, day date) RETURNS boolean
LANGUAGE plpgsql SET "TimeZone" = 'UTC' AS $$
DECLARE
    part text := format('%I.%I', {{.schema_literal}}, of_table || '_' || to_char(day, 'YYYYMMDD'));
    parent text := format('%I.%I', {{.schema_literal}}, of_table);
    strays text := format('%I.%I', {{.schema_literal}}, of_table || '_default');
    first text := CASE WHEN is_date THEN day::text ELSE day::timestamptz::text END;
    next text := CASE WHEN is_date THEN (day + 1)::text ELSE (day + 1)::timestamptz::text END;
    of_day text := format('%1$I >= %2$L AND %1$I < %3$L', key, first, next);
    waiting boolean;
    granted record;
BEGIN
    IF to_regclass(part) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING ALL)', part, parent);
    FOR granted IN
        SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS role
        FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a WHERE c.oid = to_regclass(part) AND a.grantee <> c.relowner
    LOOP
        EXECUTE format('REVOKE ALL ON %s FROM %s', part, granted.role);
    END LOOP;
    IF of_table = 'llm_contents' THEN
        PERFORM {{.schema}}.llm_internal_count_removals(part);
    END IF;
    EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE %s)', strays, of_day) INTO waiting;
    IF waiting THEN
        EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', strays);
        EXECUTE format('WITH moved AS (DELETE FROM %s WHERE %s RETURNING *) INSERT INTO %s SELECT * FROM moved', strays, of_day, part);
    END IF;
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION %s FOR VALUES FROM (%L) TO (%L)', parent, part, first, next);
    IF of_table = 'llm_contents' THEN
        PERFORM {{.schema}}.llm_internal_begin_owned_day(day, waiting);
    END IF;
    RETURN true;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_create_partition(text, text, boolean, date) FROM PUBLIC;

-- Has removals from a partition of words counted. Triggers of a statement fire for the
-- table it names, so each partition has one. Citus takes no triggers; there nobody may
-- rely on the count.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_count_removals(part text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF {{.schema}}.llm_internal_has_citus() THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TRIGGER llm_count_removal AFTER DELETE OR TRUNCATE ON %s
        FOR EACH STATEMENT EXECUTE FUNCTION %I.llm_count_removal()', part, {{.schema_literal}});
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER llm_count_removal', part); -- where replication applies removals too
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_count_removals(text) FROM PUBLIC;

-- Creates the partitions of a UTC day unless they are there; true if it did. It runs
-- with the rights of its owner, so that a writer needs no right to create tables.
-- Attaching locks the default partition, which a long query may hold: then it gives up,
-- and rows of that day wait in the default partition for the next try.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_create_day(day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET "TimeZone" = 'UTC' SET lock_timeout = '2s' AS $$
DECLARE
    of_table record;
    created boolean := false;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended({{.schema_literal}} || '.llm_create_day', 0));
    FOR of_table IN SELECT * FROM {{.schema}}.llm_internal_day_tables() LOOP
        created := {{.schema}}.llm_internal_create_partition(of_table.table_name, of_table.key, of_table.is_date, day) OR created;
    END LOOP;
    RETURN created;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_create_day(date) FROM PUBLIC;

-- Creates the partitions of the first day, between two, whose rows wait in a default
-- partition, which brings them along; returns the day, null when there is none. A day
-- that a long query holds up is left for the next round.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_move_waiting(first_day date, last_day date) RETURNS date
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET "TimeZone" = 'UTC' AS $$
DECLARE
    of_table record;
    waiting date;
BEGIN
    FOR of_table IN SELECT * FROM {{.schema}}.llm_internal_day_tables() LOOP
        waiting := first_day - 1;
        LOOP
            EXECUTE format('SELECT min(%1$I)::date FROM %2$I.%3$I WHERE %1$I >= %4$L AND %1$I < %5$L', of_table.key, {{.schema_literal}},
                of_table.table_name || '_default', waiting + 1, last_day + 1) INTO waiting;
            EXIT WHEN waiting IS NULL;
            BEGIN
                IF {{.schema}}.llm_create_day(waiting) THEN
                    RETURN waiting;
                END IF;
            EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
                NULL;
            END;
        END LOOP;
    END LOOP;
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_move_waiting(date, date) FROM PUBLIC;
