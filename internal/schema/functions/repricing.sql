-- Estimates of the past follow llm_prices: package pricing makes them, these functions
-- note which days it has to look at.

-- Notes days that have spans, from the first to the last one given.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_note_repricing(since date, until date, ready timestamptz) RETURNS integer
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    noted integer;
BEGIN
    INSERT INTO {{.schema}}.llm_internal_repricing AS r (day, ready_at)
    SELECT d.day, ready FROM {{.schema}}.llm_internal_days() d WHERE d.day BETWEEN since AND until ORDER BY d.day
    ON CONFLICT (day) DO UPDATE SET ready_at = greatest(r.ready_at, EXCLUDED.ready_at), done_to = NULL;
    GET DIAGNOSTICS noted = ROW_COUNT;
    RETURN noted;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_note_repricing(date, date, timestamptz) FROM PUBLIC;

-- Notes the days of which prices were added, changed or removed since the last time, and
-- returns how many those are. What says where a price is from does not matter.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_note_prices(ready timestamptz) RETURNS integer
LANGUAGE plpgsql SET "TimeZone" = 'UTC' AS $$
DECLARE
    noted integer := 0;
    change record;
BEGIN
    LOCK TABLE {{.schema}}.llm_internal_applied_prices IN SHARE ROW EXCLUSIVE MODE;
    FOR change IN
        WITH now AS (
            SELECT DISTINCT hashtextextended((to_jsonb(p) - ARRAY['id', 'source', 'checked'])::text, 0) AS hash, p.valid_from, p.valid_to
            FROM {{.schema}}.llm_prices p
        ), gone AS (
            DELETE FROM {{.schema}}.llm_internal_applied_prices a WHERE NOT EXISTS (SELECT FROM now WHERE now.hash = a.hash)
            RETURNING a.valid_from, a.valid_to
        ), come AS (
            INSERT INTO {{.schema}}.llm_internal_applied_prices AS a (hash, valid_from, valid_to)
            SELECT now.hash, now.valid_from, now.valid_to FROM now ON CONFLICT (hash) DO NOTHING
            RETURNING a.valid_from, a.valid_to
        )
        SELECT DISTINCT coalesce(c.valid_from, '-infinity')::date AS since, coalesce(c.valid_to, 'infinity')::date AS until
        FROM (SELECT * FROM gone UNION ALL SELECT * FROM come) c
    LOOP
        noted := noted + {{.schema}}.llm_internal_note_repricing(change.since, change.until, ready);
    END LOOP;
    RETURN noted;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_note_prices(timestamptz) FROM PUBLIC;

CREATE OR REPLACE FUNCTION {{.schema}}.llm_reprice(since date, until date) RETURNS integer
LANGUAGE sql AS $$ SELECT {{.schema}}.llm_internal_note_repricing(since, until, now()) $$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_reprice(date, date) FROM PUBLIC;
