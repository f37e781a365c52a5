-- Every span, with its words. Words are read by subqueries, which are planned and need
-- rights only where a query selects them, and are several times as fast as calling a
-- function for each row. OFFSET 0 makes each message a look-up by its key.
CREATE OR REPLACE VIEW {{.schema}}.llm_span_details WITH (security_invoker = true) AS
SELECT {{.span_facts}},
    CASE WHEN s.input_message_ids IS NOT NULL THEN (
        SELECT CASE WHEN count(w.id) > 0 OR count(*) = 0 THEN coalesce(jsonb_agg(w.body ORDER BY m.n), '[]') END
        FROM unnest(s.input_message_ids) WITH ORDINALITY m (id, n) LEFT JOIN LATERAL (SELECT c.id, c.body FROM {{.schema}}.llm_contents c WHERE c.day = d.day AND c.id = m.id OFFSET 0) w ON true) END AS input_messages,
    CASE WHEN s.output_message_ids IS NOT NULL THEN (
        SELECT CASE WHEN count(w.id) > 0 OR count(*) = 0 THEN coalesce(jsonb_agg(CASE WHEN s.finish_reasons[m.n] IS NULL THEN w.body
            ELSE w.body || jsonb_build_object('finish_reason', s.finish_reasons[m.n]) END ORDER BY m.n), '[]') END
        FROM unnest(s.output_message_ids) WITH ORDINALITY m (id, n) LEFT JOIN LATERAL (SELECT c.id, c.body FROM {{.schema}}.llm_contents c WHERE c.day = d.day AND c.id = m.id OFFSET 0) w ON true) END AS output_messages,
    (SELECT w.body FROM {{.schema}}.llm_contents w WHERE w.day = d.day AND w.id = s.system_instructions_id) AS system_instructions,
    (SELECT w.body FROM {{.schema}}.llm_contents w WHERE w.day = d.day AND w.id = s.tool_definitions_id) AS tool_definitions,
    (SELECT w.body FROM {{.schema}}.llm_contents w WHERE w.day = d.day AND w.id = s.tool_arguments_id) AS tool_arguments,
    (SELECT w.body FROM {{.schema}}.llm_contents w WHERE w.day = d.day AND w.id = s.tool_result_id) AS tool_result,
    (SELECT w.body FROM {{.schema}}.llm_contents w WHERE w.day = d.day AND w.id = s.retrieval_query_id) #>> '{}' AS retrieval_query,
    CASE WHEN s.document_ids IS NOT NULL THEN (
        SELECT CASE WHEN count(w.id) > 0 OR count(*) = 0 THEN coalesce(jsonb_agg(w.body ORDER BY m.n), '[]') END
        FROM unnest(s.document_ids) WITH ORDINALITY m (id, n) LEFT JOIN LATERAL (SELECT c.id, c.body FROM {{.schema}}.llm_contents c WHERE c.day = d.day AND c.id = m.id OFFSET 0) w ON true) END AS documents,
    {{.span_rest}}
FROM {{.schema}}.llm_spans s
CROSS JOIN LATERAL (SELECT (s.start_time AT TIME ZONE 'UTC')::date AS day) d
LEFT JOIN {{.schema}}.llm_traces t ON t.id = s.trace_id
LEFT JOIN {{.schema}}.llm_resources r ON r.id = s.resource_id;
