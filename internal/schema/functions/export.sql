-- Everything of a person, an object a line: traces, calls, tools and messages whose user,
-- their own or else their trace's, it is.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_export_user(of_user text) RETURNS SETOF jsonb
LANGUAGE plpgsql STABLE ROWS 1000 AS $$
DECLARE
    one record;
BEGIN
    IF coalesce(btrim(of_user), '') = '' THEN
        RAISE EXCEPTION 'the user to export is %', CASE WHEN of_user IS NULL THEN 'null' ELSE 'empty' END
            USING ERRCODE = 'null_value_not_allowed', HINT = 'Give the user_id as llm_calls shows it.';
    END IF;
    FOR one IN
        SELECT t.* FROM {{.schema}}.llm_traces t
        WHERE t.user_id = of_user OR t.id IN (SELECT s.trace_id FROM {{.schema}}.llm_spans s WHERE s.user_id = of_user)
        ORDER BY t.start_time, t.trace_id
    LOOP
        RETURN NEXT jsonb_build_object('type', 'trace') || to_jsonb(one) - 'origins';
        RETURN QUERY
        SELECT jsonb_build_object('type', 'call') || to_jsonb(c) FROM {{.schema}}.llm_calls c
        WHERE c.trace_id = one.id AND c.start_time BETWEEN one.start_time AND one.end_time AND c.user_id = of_user
        ORDER BY c.start_time, c.span_id;
        RETURN QUERY
        SELECT jsonb_build_object('type', 'tool') || to_jsonb(c) FROM {{.schema}}.llm_tool_calls c
        WHERE c.trace_id = one.id AND c.start_time BETWEEN one.start_time AND one.end_time AND c.user_id = of_user
        ORDER BY c.start_time, c.span_id;
        RETURN QUERY
        SELECT jsonb_build_object('type', 'message') || to_jsonb(m) FROM {{.schema}}.llm_messages m
        WHERE m.trace_id = one.id AND m.start_time BETWEEN one.start_time AND one.end_time AND m.user_id = of_user
        ORDER BY m.start_time, m.span_id, m.direction, m.position;
    END LOOP;
END
$$;
