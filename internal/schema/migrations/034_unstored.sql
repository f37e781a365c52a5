-- Contents that a transaction stores and removes again (llm_internal_unstore) were never known to
-- anybody: no collector has to ask again what is stored.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_count_removal() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_setting('llm_observatory.unstoring', true) IS NOT DISTINCT FROM 'on' THEN
        RETURN NULL;
    END IF;
    UPDATE {{.schema}}.llm_contents_removals SET removals = removals + 1;
    IF current_setting('llm_observatory.owners', true) IS DISTINCT FROM 'on' THEN
        INSERT INTO {{.schema}}.llm_internal_unowned_hours (hour) VALUES (date_trunc('hour', clock_timestamp())) ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END
$$;
