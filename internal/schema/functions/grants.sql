-- Rights, for the owner of the schema to hand out. A right on a partitioned table holds
-- for all of its partitions, also those made later, and nobody needs one on a partition
-- itself: there it would outlive what is taken away from the table.

-- The tables and views of the schema, partitions apart.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_relations() RETURNS TABLE (name name, is_table boolean)
LANGUAGE sql STABLE AS $$
SELECT c.relname, c.relkind <> 'v' FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = {{.schema_literal}} AND c.relname ^@ 'llm_' AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_relations() FROM PUBLIC;

-- What a writer does to a table.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_writer_rights(of_table name) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
SELECT CASE
    WHEN of_table IN ('llm_contents', 'llm_usage_hours') THEN 'SELECT, INSERT'
    WHEN of_table IN ('llm_awaited_spans', 'llm_side_by_side', 'llm_traces') THEN 'SELECT, INSERT, UPDATE, DELETE'
    WHEN of_table IN ('llm_contents_removals', 'llm_schema_version', 'llm_prices',
        'llm_internal_migrations', 'llm_internal_definitions') THEN 'SELECT'
    WHEN of_table IN ('llm_usage_hourly', 'llm_internal_usage_parts', 'llm_erased_traces', 'llm_erasures', 'llm_internal_grants',
        'llm_internal_retention', 'llm_internal_shortened_traces', 'llm_internal_owned_days', 'llm_internal_unowned_hours') THEN NULL
    WHEN of_table ^@ 'llm_internal_' THEN 'SELECT, INSERT, UPDATE, DELETE'
    ELSE 'SELECT, INSERT, UPDATE' END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_writer_rights(name) FROM PUBLIC;

-- Takes the words away from a role: from the table, and from partitions that somebody
-- granted, with GRANT … ON ALL TABLES for instance.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_revoke_words(role name) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    part record;
BEGIN
    FOR part IN
        SELECT n.nspname, c.relname FROM pg_catalog.pg_partition_tree(to_regclass(format('%I.llm_contents', {{.schema_literal}}))) p
        JOIN pg_catalog.pg_class c ON c.oid = p.relid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE p.level = 0 OR c.relacl IS NOT NULL
    LOOP
        EXECUTE format('REVOKE ALL ON %I.%I FROM %I', part.nspname, part.relname, role);
    END LOOP;
    IF has_any_column_privilege(role, to_regclass(format('%I.llm_contents', {{.schema_literal}})), 'SELECT') THEN
        RAISE EXCEPTION 'role % reads llm_contents by other means', role
            USING HINT = 'A superuser, the owner and members of roles that may read words, or of pg_read_all_data, may; so may everybody after a GRANT to PUBLIC.';
    END IF;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_revoke_words(name) FROM PUBLIC;

-- Grants all that a role of a kind needs.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_grant(role name, kind text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    target record;
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', {{.schema_literal}}, role);
    FOR target IN
        SELECT r.name, CASE
            WHEN kind = 'writer' AND r.is_table THEN {{.schema}}.llm_internal_writer_rights(r.name)
            WHEN kind <> 'writer' AND (r.name <> 'llm_contents' OR kind <> 'reader') THEN 'SELECT' END AS rights
        FROM {{.schema}}.llm_internal_relations() r
    LOOP
        IF target.rights IS NOT NULL THEN
            EXECUTE format('GRANT %s ON %I.%I TO %I', target.rights, {{.schema_literal}}, target.name, role);
        END IF;
    END LOOP;
    IF kind = 'reader' THEN
        PERFORM {{.schema}}.llm_internal_revoke_words(role);
    ELSIF kind = 'writer' THEN
        FOR target IN
            SELECT p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid) AS arguments
            FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
            WHERE n.nspname = {{.schema_literal}} AND p.proname ^@ 'llm_'
                AND p.proname !~ '^llm_(erase|erase_.*|grant_.*|internal_(grant|apply_grants|revoke_words|writer_rights|relations))$'
        LOOP
            EXECUTE format('GRANT EXECUTE ON FUNCTION %I.%I(%s) TO %I', {{.schema_literal}}, target.proname, target.arguments, role);
        END LOOP;
    END IF;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_grant(name, text) FROM PUBLIC;

-- Grants to the roles of before what a new version has added. Called after each change
-- of the schema.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_apply_grants() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    granted record;
BEGIN
    DELETE FROM {{.schema}}.llm_internal_grants g WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = g.role);
    FOR granted IN SELECT g.role, g.kind FROM {{.schema}}.llm_internal_grants g ORDER BY g.role, g.kind LOOP
        BEGIN
            PERFORM {{.schema}}.llm_internal_grant(granted.role, granted.kind);
        EXCEPTION WHEN raise_exception THEN
            RAISE WARNING '%', SQLERRM; -- the collector must start all the same
        END;
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_apply_grants() FROM PUBLIC;

CREATE OR REPLACE FUNCTION {{.schema}}.llm_grant_writer(role text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM {{.schema}}.llm_internal_grant(role::name, 'writer');
    INSERT INTO {{.schema}}.llm_internal_grants VALUES (role, 'writer') ON CONFLICT DO NOTHING;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_grant_writer(text) FROM PUBLIC;
COMMENT ON FUNCTION {{.schema}}.llm_grant_writer(text) IS
'Grants a role all that a collector with create_schema: false needs: to write, make days, fold, retain. Holds for days and tables that come later.';

CREATE OR REPLACE FUNCTION {{.schema}}.llm_grant_reader(role text, words boolean) RETURNS void
LANGUAGE plpgsql AS $$
#variable_conflict use_variable
BEGIN
    IF words IS NULL THEN
        RAISE EXCEPTION 'words is null' USING ERRCODE = 'null_value_not_allowed',
            HINT = 'true lets the role read what people and models said, false only figures and facts.';
    END IF;
    DELETE FROM {{.schema}}.llm_internal_grants g WHERE g.role = llm_grant_reader.role::name AND g.kind <> 'writer';
    PERFORM {{.schema}}.llm_internal_grant(role::name, CASE WHEN words THEN 'reader with words' ELSE 'reader' END);
    INSERT INTO {{.schema}}.llm_internal_grants VALUES (role, CASE WHEN words THEN 'reader with words' ELSE 'reader' END);
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_grant_reader(text, boolean) FROM PUBLIC;
COMMENT ON FUNCTION {{.schema}}.llm_grant_reader(text, boolean) IS
'Lets a role read all tables and views: with words, or all but llm_contents, which it takes away then, day by day too. Holds for days and tables that come later.';

CREATE OR REPLACE FUNCTION {{.schema}}.llm_grant_viewer(role text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM {{.schema}}.llm_internal_grant(role::name, 'viewer');
    INSERT INTO {{.schema}}.llm_internal_grants VALUES (role, 'viewer') ON CONFLICT DO NOTHING;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_grant_viewer(text) FROM PUBLIC;
COMMENT ON FUNCTION {{.schema}}.llm_grant_viewer(text) IS
'Grants the role of the viewer what it needs: to read everything, words too, and to change nothing. Holds for days and tables that come later.';
