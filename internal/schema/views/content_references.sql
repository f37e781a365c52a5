-- Each reference of a span to a content. stored_by is the transaction that stored
-- the span or changed it last.
CREATE OR REPLACE VIEW {{.schema}}.llm_content_references WITH (security_invoker = true) AS
SELECT s.trace_id, s.span_id, s.start_time, (s.start_time AT TIME ZONE 'UTC')::date AS day, c.id, s.xmin AS stored_by
FROM {{.schema}}.llm_spans s
CROSS JOIN LATERAL (
    SELECT m.id FROM (SELECT unnest(s.input_message_ids) UNION ALL SELECT unnest(s.output_message_ids)
        UNION ALL SELECT unnest(s.document_ids)) m (id)
    UNION ALL
    SELECT o.id FROM (VALUES (s.system_instructions_id), (s.tool_definitions_id), (s.tool_arguments_id), (s.tool_result_id),
        (s.retrieval_query_id)) o (id) WHERE o.id IS NOT NULL
    UNION ALL
    SELECT a.id FROM {{.schema}}.llm_attribute_contents(s.attributes) a
    UNION ALL
    SELECT a.id
    FROM jsonb_array_elements(CASE WHEN jsonb_typeof(s.events) = 'array' AND s.events @? '$[*].attributes.*."$content"' THEN s.events END) e
    CROSS JOIN LATERAL {{.schema}}.llm_attribute_contents(e.value -> 'attributes') a
    UNION ALL
    SELECT f.id FROM {{.schema}}.llm_internal_former_words f
    WHERE f.trace_id = s.trace_id AND f.span_id = s.span_id AND f.start_time = s.start_time) c;

-- Each reference of a log record or a score to a content.
CREATE OR REPLACE VIEW {{.schema}}.llm_internal_event_references WITH (security_invoker = true) AS
SELECT e.day, e.id AS event_id, c.id
FROM {{.schema}}.llm_events e
CROSS JOIN LATERAL (
    SELECT e.body_id AS id WHERE e.body_id IS NOT NULL
    UNION ALL
    SELECT a.id FROM {{.schema}}.llm_attribute_contents(e.attributes) a) c
UNION ALL
SELECT s.day, s.id, c.id
FROM {{.schema}}.llm_scores s
CROSS JOIN LATERAL (
    SELECT s.explanation_id AS id WHERE s.explanation_id IS NOT NULL
    UNION ALL
    SELECT a.id FROM {{.schema}}.llm_attribute_contents(s.attributes) a) c
UNION ALL
SELECT w.day, w.id, c.id
FROM {{.schema}}.llm_internal_words w
CROSS JOIN LATERAL (
    SELECT m.id FROM (SELECT unnest(w.input_message_ids) UNION ALL SELECT unnest(w.output_message_ids)
        UNION ALL VALUES (w.system_instructions_id), (w.tool_definitions_id), (w.tool_arguments_id), (w.tool_result_id)) m (id)
    WHERE m.id IS NOT NULL) c;
