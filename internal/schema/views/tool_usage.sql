-- The UTC days with spans. Views that sum up days ask for each by itself, so that a
-- condition on the day leaves the partitions of others alone. With a setting of its own the
-- function stays a function, and the planner counts on a few days: from the tables it
-- guesses thousands, and PostgreSQL compiled the query, which took 30 times as long as
-- running it.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_days() RETURNS TABLE (day date, since timestamptz, until timestamptz)
LANGUAGE sql STABLE ROWS 10 SET jit = off AS $$
SELECT d.day, d.day::timestamp AT TIME ZONE 'UTC', (d.day + 1)::timestamp AT TIME ZONE 'UTC'
FROM (
    SELECT (u.hour AT TIME ZONE 'UTC')::date AS day FROM {{.schema}}.llm_usage_hourly u WHERE NOT u.dropped
    UNION
    SELECT (h.hour AT TIME ZONE 'UTC')::date FROM {{.schema}}.llm_usage_hours h) d
$$;

-- How many calls of a model were offered a tool, and how often it was called and failed.
CREATE OR REPLACE VIEW {{.schema}}.llm_tool_usage WITH (security_invoker = true) AS
SELECT d.day, u.service_name, u.tool_name, sum(u.offered)::bigint AS offered, sum(u.called)::bigint AS called, sum(u.failed)::bigint AS failed
FROM {{.schema}}.llm_internal_days() d
CROSS JOIN LATERAL (
    SELECT l.service_name, n.tool_name, sum(l.calls) AS offered, 0 AS called, 0 AS failed
    FROM (SELECT i.service_name, i.definitions_day, i.tool_definitions_id, count(*) AS calls
          FROM {{.schema}}.llm_internal_calls i
          WHERE i.start_time >= d.since AND i.start_time < d.until AND i.is_call AND i.tool_definitions_id IS NOT NULL
          GROUP BY i.service_name, i.definitions_day, i.tool_definitions_id) l
    JOIN {{.schema}}.llm_contents c ON c.day = l.definitions_day AND c.id = l.tool_definitions_id
    CROSS JOIN LATERAL (
        SELECT DISTINCT coalesce(x.value ->> 'name', x.value #>> '{function,name}') AS tool_name
        FROM jsonb_array_elements(CASE jsonb_typeof(c.body) WHEN 'array' THEN c.body ELSE jsonb_build_array(c.body) END) x) n
    WHERE n.tool_name IS NOT NULL
    GROUP BY l.service_name, n.tool_name
    UNION ALL
    SELECT s.service_name, s.tool_name, 0, count(*), count(s.error_type)
    FROM {{.schema}}.llm_spans s
    WHERE s.start_time >= d.since AND s.start_time < d.until AND s.kind = 'tool' AND s.counted
    GROUP BY s.service_name, s.tool_name) u
GROUP BY d.day, u.service_name, u.tool_name;
