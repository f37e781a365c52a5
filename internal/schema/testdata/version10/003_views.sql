-- The read side. Words are fetched by functions, so that a reader without
-- rights on llm_contents can still select every fact from these views, and so
-- that each look-up touches one day's partition only.

-- A content's body; null when retention has dropped it.
CREATE FUNCTION {{.schema}}.llm_content(day date, id uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT AS $$
BEGIN
    RETURN (SELECT c.body FROM {{.schema}}.llm_contents c WHERE c.day = llm_content.day AND c.id = llm_content.id);
END
$$;

-- The bodies of several contents as a JSON array, in the order of ids; null
-- when none of them is left.
CREATE FUNCTION {{.schema}}.llm_content_list(day date, ids uuid[]) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT AS $$
BEGIN
    RETURN (SELECT CASE WHEN count(c.id) > 0 OR cardinality(ids) = 0 THEN coalesce(jsonb_agg(c.body ORDER BY i.n), '[]') END
            FROM unnest(ids) WITH ORDINALITY AS i (id, n)
            LEFT JOIN {{.schema}}.llm_contents c ON c.day = llm_content_list.day AND c.id = i.id);
END
$$;

-- Output messages with the finish reason of each, which is the call's and not
-- the message's.
CREATE FUNCTION {{.schema}}.llm_output_list(day date, ids uuid[], finish_reasons text[]) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    IF ids IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT CASE WHEN count(c.id) > 0 OR cardinality(ids) = 0 THEN coalesce(jsonb_agg(
                CASE WHEN finish_reasons[i.n] IS NULL THEN c.body
                     ELSE c.body || jsonb_build_object('finish_reason', finish_reasons[i.n]) END ORDER BY i.n), '[]') END
            FROM unnest(ids) WITH ORDINALITY AS i (id, n)
            LEFT JOIN {{.schema}}.llm_contents c ON c.day = llm_output_list.day AND c.id = i.id);
END
$$;

-- Attributes with the values that were kept as contents back in place.
CREATE FUNCTION {{.schema}}.llm_whole_attributes(day date, attributes jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT AS $$
BEGIN
    IF NOT jsonb_path_exists(attributes, '$.*."$content"') THEN
        RETURN attributes;
    END IF;
    RETURN (SELECT jsonb_object_agg(a.key, CASE
                WHEN jsonb_typeof(a.value) = 'object' AND a.value ? '$content'
                THEN {{.schema}}.llm_content(day, (a.value ->> '$content')::uuid)
                ELSE a.value END)
            FROM jsonb_each(attributes) a);
END
$$;

-- The same for the attributes of events.
CREATE FUNCTION {{.schema}}.llm_whole_events(day date, events jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT AS $$
BEGIN
    IF NOT jsonb_path_exists(events, '$[*].attributes.*."$content"') THEN
        RETURN events;
    END IF;
    RETURN (SELECT jsonb_agg(CASE
                WHEN e.value ? 'attributes'
                THEN jsonb_set(e.value, '{attributes}', {{.schema}}.llm_whole_attributes(day, e.value -> 'attributes'))
                ELSE e.value END ORDER BY e.ordinality)
            FROM jsonb_array_elements(events) WITH ORDINALITY e);
END
$$;

-- The text parts of a message, a line break between two.
CREATE FUNCTION {{.schema}}.llm_message_text(body jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
    SELECT string_agg(p.value ->> 'content', E'\n' ORDER BY p.ordinality)
    FROM jsonb_array_elements(CASE WHEN jsonb_typeof(body -> 'parts') = 'array' THEN body -> 'parts' ELSE '[]' END) WITH ORDINALITY p
    WHERE p.value ->> 'type' = 'text'
$$;

-- Every span, with its words.
CREATE VIEW {{.schema}}.llm_span_details WITH (security_invoker = true) AS
SELECT s.trace_id, t.trace_id AS trace_hex, s.span_id, s.parent_span_id, s.name, s.span_kind, s.kind, s.operation,
    s.service_name, s.scope_name, s.scope_version, s.start_time, s.end_time, s.duration_us,
    s.status, s.status_message, s.error_type, s.error_message,
    s.provider, s.request_model, s.response_model, s.response_id, s.finish_reasons, s.request_parameters, s.streaming, s.ttft_ms,
    s.input_tokens, s.output_tokens, s.total_tokens, s.cache_read_tokens, s.cache_creation_tokens, s.reasoning_tokens,
    s.input_cost, s.output_cost, s.total_cost, s.aggregate_usage, s.counted, s.usage_counted,
    s.user_id, s.session_id, s.environment, s.release, s.tags, s.prompt_name, s.prompt_version, s.agent_name, s.agent_id,
    s.tool_name, s.tool_call_id, s.embedding_dimensions,
    s.input_message_ids, s.output_message_ids, s.system_instructions_id, s.tool_definitions_id, s.tool_arguments_id,
    s.tool_result_id, s.retrieval_query_id, s.document_ids,
    {{.schema}}.llm_content_list(d.day, s.input_message_ids) AS input_messages,
    {{.schema}}.llm_output_list(d.day, s.output_message_ids, s.finish_reasons) AS output_messages,
    {{.schema}}.llm_content(d.day, s.system_instructions_id) AS system_instructions,
    {{.schema}}.llm_content(d.day, s.tool_definitions_id) AS tool_definitions,
    {{.schema}}.llm_content(d.day, s.tool_arguments_id) AS tool_arguments,
    {{.schema}}.llm_content(d.day, s.tool_result_id) AS tool_result,
    {{.schema}}.llm_content(d.day, s.retrieval_query_id) #>> '{}' AS retrieval_query,
    {{.schema}}.llm_content_list(d.day, s.document_ids) AS documents,
    s.resource_id, r.attributes AS resource_attributes,
    {{.schema}}.llm_whole_attributes(d.day, s.attributes) AS attributes,
    {{.schema}}.llm_whole_events(d.day, s.events) AS events, s.links, s.trace_state, s.flags, s.dropped_attributes_count, s.dropped_events_count, s.dropped_links_count, s.adjustments
FROM {{.schema}}.llm_spans s
CROSS JOIN LATERAL (SELECT (s.start_time AT TIME ZONE 'UTC')::date AS day) d
LEFT JOIN {{.schema}}.llm_traces t ON t.id = s.trace_id
LEFT JOIN {{.schema}}.llm_resources r ON r.id = s.resource_id;

-- The innermost uncounted span of the same kind around (or, told side by side,
-- beside) a span that has words: where the words of a counted span without
-- words are. It climbs from the span, so its cost is the depth.
CREATE FUNCTION {{.schema}}.llm_outer_telling(of_trace uuid, of_span text, of_kind text)
RETURNS TABLE (day date, input_message_ids uuid[], output_message_ids uuid[], finish_reasons text[], system_instructions_id uuid, tool_definitions_id uuid)
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
    bounds record;
BEGIN
    SELECT t.start_time, t.end_time INTO bounds FROM {{.schema}}.llm_traces t WHERE t.id = of_trace;
    RETURN QUERY
    WITH RECURSIVE up AS (
        SELECT s.span_id, s.parent_span_id, 0 AS height
        FROM {{.schema}}.llm_spans s
        WHERE s.trace_id = of_trace AND s.span_id = of_span AND s.start_time BETWEEN bounds.start_time AND bounds.end_time
      UNION
        SELECT s.span_id, s.parent_span_id, up.height + 1
        FROM up
        CROSS JOIN LATERAL (
            SELECT up.parent_span_id AS span_id WHERE up.parent_span_id IS NOT NULL
            UNION ALL
            SELECT b.outer_span_id FROM {{.schema}}.llm_side_by_side b WHERE b.trace_id = of_trace AND b.inner_span_id = up.span_id) o
        JOIN {{.schema}}.llm_spans s ON s.trace_id = of_trace AND s.span_id = o.span_id
            AND s.start_time BETWEEN bounds.start_time AND bounds.end_time
        WHERE up.height < 1000
    )
    SELECT (s.start_time AT TIME ZONE 'UTC')::date, s.input_message_ids, s.output_message_ids, s.finish_reasons,
        s.system_instructions_id, s.tool_definitions_id
    FROM up
    JOIN {{.schema}}.llm_spans s ON s.trace_id = of_trace AND s.span_id = up.span_id
        AND s.start_time BETWEEN bounds.start_time AND bounds.end_time
    WHERE up.height > 0 AND s.kind = of_kind AND NOT s.counted
        AND (s.input_message_ids IS NOT NULL OR s.output_message_ids IS NOT NULL)
    ORDER BY up.height, s.span_id
    LIMIT 1;
END
$$;

-- Each call of a model once: whoever told it, and however often.
CREATE VIEW {{.schema}}.llm_calls WITH (security_invoker = true) AS
SELECT s.trace_id, t.trace_id AS trace_hex, s.span_id, s.parent_span_id, s.name, s.span_kind, s.kind, s.operation,
    s.service_name, s.scope_name, s.scope_version, s.start_time, s.end_time, s.duration_us,
    s.status, s.status_message, s.error_type, s.error_message,
    s.provider, s.request_model, s.response_model, s.response_id, s.finish_reasons, s.request_parameters, s.streaming, s.ttft_ms,
    s.input_tokens, s.output_tokens, s.total_tokens, s.cache_read_tokens, s.cache_creation_tokens, s.reasoning_tokens,
    s.input_cost, s.output_cost, s.total_cost, s.aggregate_usage, s.counted, s.usage_counted,
    coalesce(s.user_id, t.user_id) AS user_id, coalesce(s.session_id, t.session_id) AS session_id,
    coalesce(s.environment, t.environment) AS environment, coalesce(s.release, t.release) AS release,
    coalesce(s.tags, nullif(t.tags, '{}')) AS tags,
    s.prompt_name, s.prompt_version, s.agent_name, s.agent_id, s.tool_name, s.tool_call_id, s.embedding_dimensions,
    s.input_message_ids, s.output_message_ids, s.system_instructions_id, s.tool_definitions_id, s.tool_arguments_id,
    s.tool_result_id, s.retrieval_query_id, s.document_ids,
    CASE WHEN w.own THEN {{.schema}}.llm_content_list(w.day, s.input_message_ids)
         ELSE (SELECT {{.schema}}.llm_content_list(o.day, o.input_message_ids)
               FROM {{.schema}}.llm_outer_telling(s.trace_id, s.span_id, s.kind) o) END AS input_messages,
    CASE WHEN w.own THEN {{.schema}}.llm_output_list(w.day, s.output_message_ids, s.finish_reasons)
         ELSE (SELECT {{.schema}}.llm_output_list(o.day, o.output_message_ids, coalesce(s.finish_reasons, o.finish_reasons))
               FROM {{.schema}}.llm_outer_telling(s.trace_id, s.span_id, s.kind) o) END AS output_messages,
    CASE WHEN w.own OR s.system_instructions_id IS NOT NULL THEN {{.schema}}.llm_content(w.day, s.system_instructions_id)
         ELSE (SELECT {{.schema}}.llm_content(o.day, o.system_instructions_id)
               FROM {{.schema}}.llm_outer_telling(s.trace_id, s.span_id, s.kind) o) END AS system_instructions,
    CASE WHEN w.own OR s.tool_definitions_id IS NOT NULL THEN {{.schema}}.llm_content(w.day, s.tool_definitions_id)
         ELSE (SELECT {{.schema}}.llm_content(o.day, o.tool_definitions_id)
               FROM {{.schema}}.llm_outer_telling(s.trace_id, s.span_id, s.kind) o) END AS tool_definitions,
    {{.schema}}.llm_content(w.day, s.tool_arguments_id) AS tool_arguments,
    {{.schema}}.llm_content(w.day, s.tool_result_id) AS tool_result,
    {{.schema}}.llm_content(w.day, s.retrieval_query_id) #>> '{}' AS retrieval_query,
    {{.schema}}.llm_content_list(w.day, s.document_ids) AS documents,
    s.resource_id, r.attributes AS resource_attributes,
    {{.schema}}.llm_whole_attributes(w.day, s.attributes) AS attributes,
    {{.schema}}.llm_whole_events(w.day, s.events) AS events, s.links, s.trace_state, s.flags, s.dropped_attributes_count, s.dropped_events_count, s.dropped_links_count, s.adjustments
FROM {{.schema}}.llm_spans s
CROSS JOIN LATERAL (SELECT (s.start_time AT TIME ZONE 'UTC')::date AS day,
    s.input_message_ids IS NOT NULL OR s.output_message_ids IS NOT NULL OR NOT coalesce(s.counted, false) AS own) w
LEFT JOIN {{.schema}}.llm_traces t ON t.id = s.trace_id
LEFT JOIN {{.schema}}.llm_resources r ON r.id = s.resource_id
WHERE s.kind IN ('llm', 'embedding', 'reranker') AND (s.counted OR s.usage_counted);

-- Each tool call once.
CREATE VIEW {{.schema}}.llm_tool_calls WITH (security_invoker = true) AS
SELECT * FROM {{.schema}}.llm_span_details WHERE kind = 'tool' AND counted;

-- A row per message of every span that has messages.
CREATE VIEW {{.schema}}.llm_messages WITH (security_invoker = true) AS
SELECT s.trace_id, t.trace_id AS trace_hex, s.span_id, s.start_time, m.direction, m.position,
    c.body ->> 'role' AS role, {{.schema}}.llm_message_text(c.body) AS content,
    CASE WHEN m.direction = 'output' AND s.finish_reasons[m.position] IS NOT NULL
         THEN c.body || jsonb_build_object('finish_reason', s.finish_reasons[m.position]) ELSE c.body END AS body
FROM {{.schema}}.llm_spans s
CROSS JOIN LATERAL (
    SELECT 'input' AS direction, i.position, i.id FROM unnest(s.input_message_ids) WITH ORDINALITY AS i (id, position)
    UNION ALL
    SELECT 'output', o.position, o.id FROM unnest(s.output_message_ids) WITH ORDINALITY AS o (id, position)) m
LEFT JOIN {{.schema}}.llm_contents c ON c.day = (s.start_time AT TIME ZONE 'UTC')::date AND c.id = m.id
LEFT JOIN {{.schema}}.llm_traces t ON t.id = s.trace_id;

-- What a trace was asked and what it answered: the last user message of its
-- earliest counted call, the last assistant text of its latest.
CREATE VIEW {{.schema}}.llm_trace_io WITH (security_invoker = true) AS
SELECT t.id AS trace_id, t.trace_id AS trace_hex, t.name, t.start_time, i.input, o.output
FROM {{.schema}}.llm_traces t
LEFT JOIN LATERAL (
    SELECT (SELECT {{.schema}}.llm_message_text(m.value) FROM jsonb_array_elements(c.input_messages) WITH ORDINALITY m
            WHERE m.value ->> 'role' = 'user' AND {{.schema}}.llm_message_text(m.value) IS NOT NULL
            ORDER BY m.ordinality DESC LIMIT 1) AS input
    FROM {{.schema}}.llm_calls c
    WHERE c.trace_id = t.id AND c.start_time BETWEEN t.start_time AND t.end_time AND c.kind = 'llm' AND c.counted
    ORDER BY c.start_time, c.span_id LIMIT 1) i ON true
LEFT JOIN LATERAL (
    SELECT (SELECT {{.schema}}.llm_message_text(m.value) FROM jsonb_array_elements(c.output_messages) WITH ORDINALITY m
            WHERE m.value ->> 'role' = 'assistant' AND {{.schema}}.llm_message_text(m.value) IS NOT NULL
            ORDER BY m.ordinality DESC LIMIT 1) AS output
    FROM {{.schema}}.llm_calls c
    WHERE c.trace_id = t.id AND c.start_time BETWEEN t.start_time AND t.end_time AND c.kind = 'llm' AND c.counted
    ORDER BY c.start_time DESC, c.span_id DESC LIMIT 1) o ON true;

CREATE VIEW {{.schema}}.llm_sessions WITH (security_invoker = true) AS
SELECT session_id, max(user_id) AS user_id, count(*) AS trace_count,
    sum(llm_call_count) AS llm_call_count, sum(tool_call_count) AS tool_call_count, sum(error_count) AS error_count,
    sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens, sum(total_tokens) AS total_tokens,
    sum(total_cost) AS total_cost, min(start_time) AS first_seen, max(end_time) AS last_seen
FROM {{.schema}}.llm_traces
WHERE session_id IS NOT NULL
GROUP BY session_id;

