-- Log records and their words note the owners of what they refer to, as spans do. A version
-- before did not: days that began before, and those on which it writes records, are read.
UPDATE {{.schema}}.llm_internal_owned_days SET since = '-infinity';

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE e.extname = 'citus') THEN
        RETURN;
    END IF;
    CREATE TRIGGER llm_note_unowned BEFORE INSERT OR DELETE OR TRUNCATE ON {{.schema}}.llm_events FOR EACH STATEMENT
    WHEN (current_setting('llm_observatory.record_owners', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION {{.schema}}.llm_internal_note_unowned();
    ALTER TABLE ONLY {{.schema}}.llm_events ENABLE ALWAYS TRIGGER llm_note_unowned;

    CREATE TRIGGER llm_note_unowned BEFORE INSERT ON {{.schema}}.llm_internal_words FOR EACH STATEMENT
    WHEN (current_setting('llm_observatory.record_owners', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION {{.schema}}.llm_internal_note_unowned();
    ALTER TABLE {{.schema}}.llm_internal_words ENABLE ALWAYS TRIGGER llm_note_unowned;
END
$$;
