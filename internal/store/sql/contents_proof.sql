-- What has to stay the same for contents of day $1 that were stored to be there still:
-- the database (a copy has another oid, a restored cluster another start, a promoted
-- standby another timeline), how often contents were removed, and the day's file, which
-- TRUNCATE and a new partition change. The last column is empty: looking locks the day's
-- partition before anything is read, so that a TRUNCATE is either seen or waits for
-- this batch.
SELECT concat_ws(' ',
        (SELECT oid FROM pg_database WHERE datname = current_database()),
        (SELECT system_identifier FROM pg_control_system()),
        (SELECT timeline_id FROM pg_control_checkpoint()),
        pg_postmaster_start_time(),
        (SELECT removals FROM {{.schema}}.llm_contents_removals)),
    pg_relation_filenode(to_regclass(format('%I.%I', {{.literal}}, 'llm_contents_' || to_char($1::date, 'YYYYMMDD')))),
    (SELECT id FROM {{.schema}}.llm_contents WHERE day = $1 LIMIT 0)
