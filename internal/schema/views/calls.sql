-- Each call of a model once: whoever told it, and however often. Words are read by
-- subqueries, which are planned and need rights only where a query selects them, and are
-- several times as fast as calling a function for each row. OFFSET 0 makes each message a
-- look-up by its key: with a month of days the planner read all contents for each call.
CREATE OR REPLACE VIEW {{.schema}}.llm_calls WITH (security_invoker = true) AS
SELECT {{.names_of llm_call_facts i}},
    i.aggregate_usage, i.tool_name, i.tool_call_id, i.tool_arguments_id, i.tool_result_id, i.retrieval_query_id,
    (SELECT CASE WHEN count(w.id) > 0 OR count(m.n) = 0 THEN coalesce(jsonb_agg(w.body ORDER BY m.n) FILTER (WHERE m.n IS NOT NULL), '[]') END
        FROM (SELECT i.input_message_ids AS ids, i.input_day AS day OFFSET 0) l LEFT JOIN LATERAL unnest(l.ids) WITH ORDINALITY m (id, n) ON true
        LEFT JOIN LATERAL (SELECT c.id, c.body FROM {{.schema}}.llm_contents c WHERE c.day = l.day AND c.id = m.id OFFSET 0) w ON true
        HAVING bool_and(l.ids IS NOT NULL)) AS input_messages,
    (SELECT CASE WHEN count(w.id) > 0 OR count(m.n) = 0 THEN coalesce(jsonb_agg(CASE WHEN i.finish_reasons[m.n] IS NULL THEN w.body
            ELSE w.body || jsonb_build_object('finish_reason', i.finish_reasons[m.n]) END ORDER BY m.n) FILTER (WHERE m.n IS NOT NULL), '[]') END
        FROM (SELECT i.output_message_ids AS ids, i.output_day AS day OFFSET 0) l LEFT JOIN LATERAL unnest(l.ids) WITH ORDINALITY m (id, n) ON true
        LEFT JOIN LATERAL (SELECT c.id, c.body FROM {{.schema}}.llm_contents c WHERE c.day = l.day AND c.id = m.id OFFSET 0) w ON true
        HAVING bool_and(l.ids IS NOT NULL)) AS output_messages,
    (SELECT w.body FROM {{.schema}}.llm_contents w WHERE w.day = i.instructions_day AND w.id = i.system_instructions_id) AS system_instructions,
    (SELECT w.body FROM {{.schema}}.llm_contents w WHERE w.day = i.definitions_day AND w.id = i.tool_definitions_id) AS tool_definitions,
    (SELECT w.body FROM {{.schema}}.llm_contents w WHERE w.day = i.day AND w.id = i.tool_arguments_id) AS tool_arguments,
    (SELECT w.body FROM {{.schema}}.llm_contents w WHERE w.day = i.day AND w.id = i.tool_result_id) AS tool_result,
    (SELECT w.body FROM {{.schema}}.llm_contents w WHERE w.day = i.day AND w.id = i.retrieval_query_id) #>> '{}' AS retrieval_query,
    (SELECT CASE WHEN count(w.id) > 0 OR count(m.n) = 0 THEN coalesce(jsonb_agg(w.body ORDER BY m.n) FILTER (WHERE m.n IS NOT NULL), '[]') END
        FROM (SELECT i.document_ids AS ids, i.day AS day OFFSET 0) l LEFT JOIN LATERAL unnest(l.ids) WITH ORDINALITY m (id, n) ON true
        LEFT JOIN LATERAL (SELECT c.id, c.body FROM {{.schema}}.llm_contents c WHERE c.day = l.day AND c.id = m.id OFFSET 0) w ON true
        HAVING bool_and(l.ids IS NOT NULL)) AS documents,
    r.attributes AS resource_attributes,
    {{.schema}}.llm_whole_attributes(i.day, i.attributes) AS attributes,
    {{.schema}}.llm_whole_events(i.day, i.events) AS events, i.links, i.trace_state, i.flags,
    i.dropped_attributes_count, i.dropped_events_count, i.dropped_links_count
FROM {{.schema}}.llm_internal_calls i
LEFT JOIN {{.schema}}.llm_resources r ON r.id = i.resource_id;
