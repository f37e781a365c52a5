-- Notes owners of references to contents unless they are noted, in the row of a content or
-- beside it: up to MaxOwners beside it, and then, as owner 0, that there are more. Gives the
-- contents of which nothing is left to note. An unknown owner in the row says that an erasure
-- looks at the spans of the day anyway.
WITH asked AS MATERIALIZED (
    SELECT r.day, r.id, r.owner, c.owner AS first, n.noted, n.anybody,
        c.owner IS NOT NULL AND r.owner <> c.owner AND NOT n.found AND (r.owner = -1 OR NOT n.anybody) AS missing
    FROM {{.rows}}
    CROSS JOIN LATERAL (SELECT c.owner FROM {{.schema}}.llm_contents c WHERE c.day = r.day AND c.id = r.id OFFSET 0) c
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE o.owner > 0 OR o.owner < -1) AS noted, coalesce(bool_or(o.owner = 0), false) AS anybody,
            coalesce(bool_or(o.owner = r.owner), false) AS found
        FROM {{.schema}}.llm_internal_content_owners o WHERE o.day = r.day AND o.id = r.id OFFSET 0) n
), missing AS (
    SELECT DISTINCT a.day, a.id, CASE WHEN a.owner IN (0, -1) OR a.noted + a.rank <= {{.most_owners}} THEN a.owner ELSE 0 END AS owner
    FROM (SELECT a.*, row_number() OVER (PARTITION BY a.day, a.id ORDER BY a.owner IN (0, -1), a.owner) AS rank FROM asked a WHERE a.missing) a
), noted AS (
    INSERT INTO {{.schema}}.llm_internal_content_owners (day, id, owner)
    SELECT m.day, m.id, m.owner FROM missing m ORDER BY m.day, m.id, m.owner ON CONFLICT DO NOTHING
)
SELECT DISTINCT a.id, a.day - DATE '1970-01-01' FROM asked a
WHERE a.first IS NULL OR a.anybody OR EXISTS (SELECT FROM missing m WHERE m.day = a.day AND m.id = a.id AND m.owner = 0)
