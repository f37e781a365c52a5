-- The calls of a session or of a user, in a time that does not grow with the number of
-- days stored. They name the columns that they return, since Citus hands a function to
-- its workers only if the function does not depend on a table or a view.

-- The calls of some traces that are of a session or of a user, whichever is not null:
-- all, or the newest. OFFSET 0 keeps the inner query from being merged with the outer
-- one, so that it runs for one trace at a time and sees the partitions of its days only.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_calls_of_traces(traces uuid[], of_session text, of_user text, newest integer)
RETURNS TABLE ({{.columns_of llm_internal_calls}})
LANGUAGE plpgsql STABLE ROWS 100 SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT c.* FROM {{.schema}}.llm_traces t
    CROSS JOIN LATERAL (
        SELECT i.* FROM {{.schema}}.llm_internal_calls i
        WHERE i.trace_id = t.id AND i.start_time BETWEEN t.start_time AND t.end_time
        OFFSET 0) c
    WHERE t.id = ANY (traces) AND (c.session_id = of_session OR c.user_id = of_user)
    ORDER BY c.start_time DESC, c.span_id DESC, c.trace_id DESC
    LIMIT newest;
END
$$;

-- The calls of a session or of a user, whichever is not null: all, or the newest.
-- One span of a trace may say whose it is, so the indexes on spans find the traces and
-- the traces the calls. For the newest calls it looks at the latest spans only, in
-- steps, until they are an hour older than the oldest call found.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_calls_of(of_session text, of_user text, newest integer)
RETURNS TABLE ({{.columns_of llm_internal_calls}})
LANGUAGE plpgsql STABLE ROWS 100 SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    step bigint := greatest(4 * newest, 100);
    marks record;
    found {{.schema}}.llm_internal_calls[];
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
            RETURN QUERY SELECT * FROM {{.schema}}.llm_internal_calls_of_traces(marks.traces, of_session, of_user, newest);
            RETURN;
        END IF;
        SELECT array_agg(ROW(c.*)::{{.schema}}.llm_internal_calls) INTO found FROM {{.schema}}.llm_internal_calls_of_traces(marks.traces, of_session, of_user, newest) c;
        IF cardinality(found) = newest AND marks.since < (SELECT min(c.start_time) FROM unnest(found) c) - interval '1 hour' THEN
            RETURN QUERY SELECT * FROM unnest(found);
            RETURN;
        END IF;
        step := 4 * step;
    END LOOP;
END
$$;

-- The same as llm_calls shows them. For some dozens of rows, functions that fetch words
-- are faster than planning subqueries over all days.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_worded_calls(of_session text, of_user text, newest integer) RETURNS TABLE ({{.columns_of llm_calls}})
LANGUAGE sql STABLE AS $$
SELECT {{.names_of llm_call_facts i}},
    i.aggregate_usage, i.tool_name, i.tool_call_id, i.tool_arguments_id, i.tool_result_id, i.retrieval_query_id,
    {{.schema}}.llm_content_list(i.input_day, i.input_message_ids) AS input_messages,
    {{.schema}}.llm_output_list(i.output_day, i.output_message_ids, i.finish_reasons) AS output_messages,
    {{.schema}}.llm_content(i.instructions_day, i.system_instructions_id) AS system_instructions,
    {{.schema}}.llm_content(i.definitions_day, i.tool_definitions_id) AS tool_definitions,
    {{.schema}}.llm_content(i.day, i.tool_arguments_id) AS tool_arguments,
    {{.schema}}.llm_content(i.day, i.tool_result_id) AS tool_result,
    {{.schema}}.llm_content(i.day, i.retrieval_query_id) #>> '{}' AS retrieval_query,
    {{.schema}}.llm_content_list(i.day, i.document_ids) AS documents,
    r.attributes AS resource_attributes,
    {{.schema}}.llm_whole_attributes(i.day, i.attributes) AS attributes,
    {{.schema}}.llm_whole_events(i.day, i.events) AS events, i.links, i.trace_state, i.flags,
    i.dropped_attributes_count, i.dropped_events_count, i.dropped_links_count
FROM {{.schema}}.llm_internal_calls_of(of_session, of_user, newest) i
LEFT JOIN {{.schema}}.llm_resources r ON r.id = i.resource_id
$$;

CREATE OR REPLACE FUNCTION {{.schema}}.llm_session_calls(session text, newest integer DEFAULT NULL) RETURNS TABLE ({{.columns_of llm_calls}})
LANGUAGE sql STABLE AS $$
SELECT c.* FROM {{.schema}}.llm_internal_worded_calls(session, NULL, newest) c ORDER BY c.start_time, c.span_id, c.trace_id
$$;

CREATE OR REPLACE FUNCTION {{.schema}}.llm_user_calls(of_user text, newest integer DEFAULT 50) RETURNS TABLE ({{.columns_of llm_calls}})
LANGUAGE sql STABLE AS $$
SELECT c.* FROM {{.schema}}.llm_internal_worded_calls(NULL, of_user, newest) c ORDER BY c.start_time DESC, c.span_id DESC, c.trace_id DESC
$$;
