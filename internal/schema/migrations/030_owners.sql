-- To whom references to contents belong, so that an erasure finds out which contents others
-- refer to without reading the spans of a day: content.Owner. The row of a content has the
-- owner of the span that stored it first; null: unknown.
ALTER TABLE {{.schema}}.llm_contents ADD COLUMN owner bigint;

-- Other owners that refer to a content: up to three, and 0 if there are more. -1 says that
-- nothing is known of its owners.
CREATE TABLE {{.schema}}.llm_internal_content_owners (
    day   date NOT NULL,
    id    uuid NOT NULL,
    owner bigint NOT NULL,
    PRIMARY KEY (day, id, owner)
);

-- Days of which all references have been noted since their partitions were made, unless
-- something was written later that did not note any.
CREATE TABLE {{.schema}}.llm_internal_owned_days (
    day   date PRIMARY KEY,
    since timestamptz NOT NULL
);

-- Hours in which a program wrote spans, or removed contents, and noted no owners: collectors
-- of the versions before, and others.
CREATE TABLE {{.schema}}.llm_internal_unowned_hours (
    hour timestamptz PRIMARY KEY
);

CREATE FUNCTION {{.schema}}.llm_internal_note_unowned() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO {{.schema}}.llm_internal_unowned_hours (hour) VALUES (date_trunc('hour', clock_timestamp())) ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_note_unowned() FROM PUBLIC;

CREATE OR REPLACE FUNCTION {{.schema}}.llm_count_removal() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE {{.schema}}.llm_contents_removals SET removals = removals + 1;
    IF current_setting('llm_observatory.owners', true) IS DISTINCT FROM 'on' THEN
        INSERT INTO {{.schema}}.llm_internal_unowned_hours (hour) VALUES (date_trunc('hour', clock_timestamp())) ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END
$$;

-- Like those that count removals, it fires in sessions that replicate, too. Citus takes no
-- triggers; there no day counts as one of which all references are noted.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE e.extname = 'citus') THEN
        RETURN;
    END IF;
    CREATE TRIGGER llm_note_unowned
    BEFORE INSERT OR DELETE OR TRUNCATE OR UPDATE OF user_id, session_id, trace_id, source, input_message_ids, output_message_ids, document_ids,
        system_instructions_id, tool_definitions_id, tool_arguments_id, tool_result_id, retrieval_query_id, attributes, events
    ON {{.schema}}.llm_spans FOR EACH STATEMENT
    WHEN (current_setting('llm_observatory.owners', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION {{.schema}}.llm_internal_note_unowned();
    ALTER TABLE ONLY {{.schema}}.llm_spans ENABLE ALWAYS TRIGGER llm_note_unowned;
END
$$;
