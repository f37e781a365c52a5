-- Removals of words are counted in sessions that replicate, too: others, as after
-- session_replication_role = replica, fire triggers only where they are ENABLE ALWAYS.
DO $$
DECLARE
    part regclass;
BEGIN
    FOR part IN
        SELECT t.tgrelid FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE t.tgname = 'llm_count_removal' AND t.tgparentid = 0 AND n.nspname = {{.schema_literal}}
    LOOP
        EXECUTE format('ALTER TABLE ONLY %s ENABLE ALWAYS TRIGGER llm_count_removal', part);
    END LOOP;
END
$$;
