-- The calls of some traces that are of a session or of a user, whichever is not null:
-- all, or the newest. OFFSET 0 keeps the inner query from being merged with the outer
-- one, so that it runs for one trace at a time and sees the partitions of its days only.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_call_spans_of(traces uuid[], of_session text, of_user text, newest integer) RETURNS SETOF {{.schema}}.llm_spans
LANGUAGE plpgsql STABLE ROWS 100 SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY
    SELECT c.* FROM {{.schema}}.llm_traces t
    CROSS JOIN LATERAL (
        SELECT s.* FROM {{.schema}}.llm_spans s
        WHERE s.trace_id = t.id AND s.start_time BETWEEN t.start_time AND t.end_time
            AND s.kind IN ('llm', 'embedding', 'reranker') AND (s.counted OR s.usage_counted)
        OFFSET 0) c
    WHERE t.id = ANY (traces)
        AND (coalesce(c.session_id, t.session_id) = of_session OR coalesce(c.user_id, t.user_id) = of_user)
    ORDER BY c.start_time DESC, c.span_id DESC
    LIMIT newest;
END
$$;

-- The calls of a session or of a user, whichever is not null: all, or the newest.
-- One span of a trace may say whose it is, so the indexes on spans find the traces and
-- the traces the calls. For the newest calls it looks at the latest spans only, in
-- steps, until they are an hour older than the oldest call found.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_call_spans(of_session text, of_user text, newest integer) RETURNS SETOF {{.schema}}.llm_spans
LANGUAGE plpgsql STABLE ROWS 100 SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    step bigint := greatest(4 * newest, 100);
    marks record;
    found {{.schema}}.llm_spans[];
BEGIN
    LOOP
        IF of_session IS NOT NULL THEN
            SELECT array_agg(DISTINCT m.trace_id) AS traces, min(m.start_time) AS since, count(*) AS n INTO marks
            FROM (SELECT s.trace_id, s.start_time FROM {{.schema}}.llm_spans s WHERE s.session_id = of_session
                  ORDER BY s.start_time DESC LIMIT CASE WHEN newest IS NOT NULL THEN step END) m;
        ELSE
            SELECT array_agg(DISTINCT m.trace_id) AS traces, min(m.start_time) AS since, count(*) AS n INTO marks
            FROM (SELECT s.trace_id, s.start_time FROM {{.schema}}.llm_spans s WHERE s.user_id = of_user
                  ORDER BY s.start_time DESC LIMIT CASE WHEN newest IS NOT NULL THEN step END) m;
        END IF;
        IF newest IS NULL OR marks.n < step THEN
            RETURN QUERY SELECT * FROM {{.schema}}.llm_call_spans_of(marks.traces, of_session, of_user, newest);
            RETURN;
        END IF;
        SELECT array_agg(c) INTO found FROM {{.schema}}.llm_call_spans_of(marks.traces, of_session, of_user, newest) c;
        IF cardinality(found) = newest AND marks.since < (SELECT min(c.start_time) FROM unnest(found) c) - interval '1 hour' THEN
            RETURN QUERY SELECT * FROM unnest(found);
            RETURN;
        END IF;
        step := 4 * step;
    END LOOP;
END
$$;

-- The same as llm_calls shows them.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_calls_of(of_session text, of_user text, newest integer) RETURNS SETOF {{.schema}}.llm_calls
LANGUAGE sql STABLE AS $$
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
FROM {{.schema}}.llm_call_spans(of_session, of_user, newest) s
CROSS JOIN LATERAL (SELECT (s.start_time AT TIME ZONE 'UTC')::date AS day,
    s.input_message_ids IS NOT NULL OR s.output_message_ids IS NOT NULL OR NOT coalesce(s.counted, false) AS own) w
LEFT JOIN {{.schema}}.llm_traces t ON t.id = s.trace_id
LEFT JOIN {{.schema}}.llm_resources r ON r.id = s.resource_id
$$;

CREATE OR REPLACE FUNCTION {{.schema}}.llm_session_calls(session text, newest integer DEFAULT NULL) RETURNS SETOF {{.schema}}.llm_calls
LANGUAGE sql STABLE AS $$
SELECT c.* FROM {{.schema}}.llm_calls_of(session, NULL, newest) c ORDER BY c.start_time, c.span_id
$$;
COMMENT ON FUNCTION {{.schema}}.llm_session_calls(text, integer) IS
'The calls of a session, as llm_calls shows them, in order of time: all, or the newest so many.';

CREATE OR REPLACE FUNCTION {{.schema}}.llm_user_calls(of_user text, newest integer DEFAULT 50) RETURNS SETOF {{.schema}}.llm_calls
LANGUAGE sql STABLE AS $$
SELECT c.* FROM {{.schema}}.llm_calls_of(NULL, of_user, newest) c ORDER BY c.start_time DESC, c.span_id DESC
$$;
COMMENT ON FUNCTION {{.schema}}.llm_user_calls(text, integer) IS
'The newest calls of a user, as llm_calls shows them, the latest first; all of them when newest is null.';
