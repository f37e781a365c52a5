-- Estimates of the past follow llm_prices: package pricing makes them, these functions
-- note which days it has to look at.

-- Notes the days of which prices were added, changed or removed since the last time, and returns 0
-- if there are none. The days are priced again at once. Until settled has passed, batches may come
-- that were estimated by the prices of before: then those traces are priced once more that batches
-- have changed meanwhile. What says where a price is from does not matter. The first time all days
-- are noted, but in a new database none; since collectors of versions before, which estimate
-- nothing, may go on for a while, the latest days a second time.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_note_prices(settled interval) RETURNS integer
LANGUAGE plpgsql SET "TimeZone" = 'UTC' AS $$
DECLARE
    first_time boolean;
    is_new boolean;
    noted integer;
BEGIN
    LOCK TABLE {{.schema}}.llm_internal_applied_prices IN SHARE ROW EXCLUSIVE MODE;
    first_time := NOT EXISTS (SELECT FROM {{.schema}}.llm_internal_applied_prices);
    -- In a new database nothing has been estimated by other prices.
    is_new := first_time AND NOT EXISTS (SELECT FROM {{.schema}}.llm_spans) AND NOT EXISTS (SELECT FROM {{.schema}}.llm_prices p WHERE NOT p.built_in);
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
    INSERT INTO {{.schema}}.llm_internal_price_changes (since, until, ready_at, touched_since)
    SELECT DISTINCT coalesce(c.valid_from, '-infinity')::date, (coalesce(c.valid_to, 'infinity') - interval '1 microsecond')::date, pass.*
    FROM (SELECT * FROM gone UNION ALL SELECT * FROM come) c
    CROSS JOIN (VALUES (now(), '-infinity'), (now() + settled, now() - settled)) pass (ready_at, touched_since)
    WHERE NOT is_new
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS noted = ROW_COUNT;
    IF first_time AND noted > 0 THEN
        INSERT INTO {{.schema}}.llm_internal_price_changes (since, until, ready_at)
        VALUES (CURRENT_DATE - 1, 'infinity', now() + interval '1 hour') ON CONFLICT DO NOTHING;
    END IF;
    RETURN noted;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_note_prices(interval) FROM PUBLIC;

-- Lists the days of changes that are ready, to be priced again from their beginning, and
-- returns how many those are. The traces that were changed meanwhile wait until no day of
-- the change is being priced.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_list_repricing() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET "TimeZone" = 'UTC' AS $$
DECLARE
    listed integer;
BEGIN
    WITH ready AS (
        DELETE FROM {{.schema}}.llm_internal_price_changes c
        WHERE c.ready_at <= now() AND (c.touched_since = '-infinity'
            OR NOT EXISTS (SELECT FROM {{.schema}}.llm_internal_days_to_price p WHERE p.day BETWEEN c.since AND c.until))
        RETURNING c.since, c.until, c.touched_since
    )
    INSERT INTO {{.schema}}.llm_internal_days_to_price AS r (day, touched_since)
    SELECT d.day, min(ready.touched_since)
    FROM {{.schema}}.llm_internal_days() d JOIN ready ON d.day BETWEEN ready.since AND ready.until
    GROUP BY d.day ORDER BY d.day
    ON CONFLICT (day) DO UPDATE SET done_to = NULL, touched_since = least(r.touched_since, excluded.touched_since);
    GET DIAGNOSTICS listed = ROW_COUNT;
    RETURN listed;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_list_repricing() FROM PUBLIC;

CREATE OR REPLACE FUNCTION {{.schema}}.llm_reprice(since date, until date) RETURNS integer
LANGUAGE plpgsql AS $$
#variable_conflict use_variable
BEGIN
    IF since IS NULL OR until IS NULL OR until < since THEN
        RAISE EXCEPTION 'llm_reprice: no days from % to %', since, until
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Both take a date, the second one not before the first.';
    END IF;
    INSERT INTO {{.schema}}.llm_internal_price_changes (since, until, ready_at) VALUES (since, until, now()) ON CONFLICT DO NOTHING;
    RETURN (SELECT count(*) FROM {{.schema}}.llm_internal_days() d WHERE d.day BETWEEN since AND until);
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_reprice(date, date) FROM PUBLIC;
