-- What a schema needs to be moved to a worker of Citus with citus_schema_distribute, and
-- to work there: no triggers, no functions in SQL that read tables, and functions that may
-- read tables where a query calls them for its rows, which Citus hands to the worker as a
-- whole. All tables of the schema are on one worker, so what such functions read there is
-- what the query reads.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_prepare_citus() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT t.tgname, c.relname FROM pg_catalog.pg_trigger t
        JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = {{.schema_literal}} AND t.tgname IN ('llm_count_removal', 'llm_note_unowned')
    LOOP
        EXECUTE format('DROP TRIGGER %I ON %I.%I', one.tgname, {{.schema_literal}}, one.relname);
    END LOOP;
    FOR one IN
        SELECT pg_catalog.pg_get_functiondef(p.oid) AS definition, pg_catalog.rtrim(p.prosrc, E'; \n') AS query
        FROM pg_catalog.pg_proc p
        JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace JOIN pg_catalog.pg_language l ON l.oid = p.prolang
        WHERE n.nspname = {{.schema_literal}} AND p.proname ^@ 'llm_' AND l.lanname = 'sql' AND p.proretset AND p.provolatile = 's'
    LOOP
        EXECUTE replace(split_part(one.definition, E'\nAS $', 1), E'\n LANGUAGE sql', E'\n LANGUAGE plpgsql')
            || format(' AS %L', E'#variable_conflict use_column\nBEGIN\n    RETURN QUERY ' || one.query || E';\nEND');
    END LOOP;
    FOR one IN
        SELECT p.oid::pg_catalog.regprocedure AS called FROM pg_catalog.pg_proc p
        JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace JOIN pg_catalog.pg_language l ON l.oid = p.prolang
        WHERE n.nspname = {{.schema_literal}} AND p.proname ^@ 'llm_' AND l.lanname = 'plpgsql' AND p.provolatile <> 'i'
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET citus.allow_nested_distributed_execution = on', one.called);
        EXECUTE format('ALTER FUNCTION %s SET plan_cache_mode = force_custom_plan', one.called); -- Citus plans many statements with their values only
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_prepare_citus() FROM PUBLIC;
COMMENT ON FUNCTION {{.schema}}.llm_prepare_citus() IS
'Makes the schema ready for citus_schema_distribute. To be called where the extension was created after the schema; else the exporter has done it.';

DO $$
BEGIN
    IF {{.schema}}.llm_internal_has_citus() THEN
        PERFORM {{.schema}}.llm_prepare_citus();
    END IF;
END
$$;
