-- Which messages of a call's input say something new: one is new unless an earlier call
-- of the trace, or of the session, held it as often, in its input or its answer. "yes"
-- that a history holds twice is new twice. Nearly always a call goes on where one shortly
-- before it ended. Then the beginning of its input is known, and only the rest is looked
-- for in all calls before: 0.4 s instead of 4 for a session of 250 calls with their whole
-- histories. && compares all with all, which pays for a short rest only. Words that another
-- observation of an earlier call reports are looked for only for the last eight calls that
-- lack some: each of these looks walks through the trace. OFFSET 0 lets the inner query run
-- for one trace at a time.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_new_inputs(of_trace uuid, of_session text, began timestamptz, of_span text, ids uuid[])
RETURNS boolean[]
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan SET jit = off AS $$
BEGIN
    IF cardinality(ids) > 0 IS NOT TRUE THEN
        RETURN NULL;
    END IF;
    IF array_ndims(ids) > 1 OR array_lower(ids, 1) <> 1 THEN -- as another program may have stored them
        ids := ARRAY(SELECT unnest(ids));
    END IF;
    RETURN (
        WITH traces AS (
            SELECT of_trace AS id
            UNION
            SELECT s.trace_id FROM {{.schema}}.llm_spans s WHERE s.session_id = of_session AND s.start_time <= began
        ), own AS MATERIALIZED (
            SELECT c.* FROM traces JOIN {{.schema}}.llm_traces t ON t.id = traces.id
            CROSS JOIN LATERAL (
                SELECT e.trace_id, e.span_id, e.start_time, e.input_message_ids AS inputs, e.output_message_ids AS outputs,
                    t.span_count > 1 AND (e.input_message_ids IS NULL OR e.output_message_ids IS NULL) AS may_be_told
                FROM {{.schema}}.llm_spans e
                WHERE e.trace_id = t.id AND e.start_time BETWEEN t.start_time AND t.end_time
                    AND e.kind IN ('llm', 'embedding', 'reranker') AND e.counted AND (e.start_time, e.span_id) < (began, of_span)
                    AND (e.trace_id = of_trace OR coalesce(e.session_id, t.session_id) = of_session)
                OFFSET 0) c
        ), earlier AS MATERIALIZED (
            SELECT o.span_id, o.start_time, coalesce(o.inputs, '{}') AS inputs, coalesce(o.outputs, '{}') AS outputs
            FROM own o WHERE NOT o.may_be_told OR coalesce(o.inputs, o.outputs) IS NOT NULL
            UNION ALL
            SELECT s.span_id, s.start_time, coalesce({{.own_or_told input_message_ids}}, '{}'),
                coalesce({{.own_or_told_answer}}, '{}')
            FROM (SELECT * FROM own WHERE own.may_be_told ORDER BY own.start_time DESC, own.span_id DESC LIMIT 8) o
            JOIN {{.schema}}.llm_traces t ON t.id = o.trace_id
            CROSS JOIN LATERAL (
                SELECT x.* FROM {{.schema}}.llm_spans x WHERE x.trace_id = o.trace_id AND x.span_id = o.span_id AND x.start_time = o.start_time OFFSET 0) s
            CROSS JOIN LATERAL (SELECT {{.may_be_told_again}} AS told_again) k
        ), rest AS MATERIALIZED (
            SELECT k.known, ids[k.known + 1:] AS ids
            FROM (SELECT coalesce((
                SELECT cardinality(e.inputs) FROM (SELECT * FROM earlier e ORDER BY e.start_time DESC, e.span_id DESC OFFSET 0) e
                WHERE e.inputs <> '{}' AND e.inputs = llm_internal_new_inputs.ids[1:cardinality(e.inputs)] LIMIT 1), 0) AS known) k
        ), said AS (
            SELECT counted.id, max(counted.times) AS times
            FROM (SELECT e.n, u.id, count(*) AS times
                  FROM (SELECT row_number() OVER () AS n, ARRAY(SELECT unnest(e.inputs) UNION ALL SELECT unnest(e.outputs)) AS ids
                        FROM earlier e CROSS JOIN rest r
                        WHERE cardinality(r.ids) > 16 OR e.outputs && r.ids OR e.inputs && r.ids) e
                  CROSS JOIN LATERAL unnest(e.ids) u (id)
                  JOIN (SELECT DISTINCT unnest(r.ids) AS id FROM rest r) asked ON asked.id = u.id
                  GROUP BY e.n, u.id) counted
            GROUP BY counted.id
        )
        SELECT array_agg(m.place > r.known AND m.times > coalesce(s.times, 0) ORDER BY m.place)
        FROM rest r
        CROSS JOIN (SELECT u.id, u.place, row_number() OVER (PARTITION BY u.id ORDER BY u.place) AS times
              FROM unnest(llm_internal_new_inputs.ids) WITH ORDINALITY u (id, place)) m
        LEFT JOIN said s ON s.id = m.id);
END
$$;

-- What a trace was asked: the last user message of its earliest call that has one, else
-- of its root or of the outermost agent. Calls are put in order before what each says is
-- looked for, so that those after the first that has an answer cost nothing. Plans of their
-- own for each trace took five times as long as all else.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_trace_input(of_trace uuid, root text, since timestamptz, until timestamptz) RETURNS text
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan SET jit = off AS $$
DECLARE
    asked text;
    told record;
BEGIN
    FOR told IN
        SELECT i.day, i.ids FROM (
            SELECT s.span_id, s.start_time FROM {{.schema}}.llm_spans s
            WHERE s.trace_id = of_trace AND s.start_time BETWEEN since AND until AND s.kind = 'llm' AND s.counted
                AND EXISTS (SELECT FROM {{.schema}}.llm_spans w WHERE w.trace_id = of_trace AND w.start_time BETWEEN since AND until
                    AND w.kind = 'llm' AND w.input_message_ids IS NOT NULL) -- of all that observe calls
            ORDER BY s.start_time, s.span_id OFFSET 0) c
        CROSS JOIN LATERAL (
            SELECT i.input_day AS day, i.input_message_ids AS ids FROM {{.schema}}.llm_internal_calls i
            WHERE i.trace_id = of_trace AND i.span_id = c.span_id AND i.start_time = c.start_time OFFSET 0) i
    LOOP
        asked := {{.schema}}.llm_asked({{.schema}}.llm_content_list(told.day, told.ids));
        IF asked IS NOT NULL THEN
            RETURN asked;
        END IF;
    END LOOP;
    FOR told IN
        SELECT (s.start_time AT TIME ZONE 'UTC')::date AS day, s.input_message_ids AS ids FROM {{.schema}}.llm_spans s
        WHERE s.trace_id = of_trace AND s.start_time BETWEEN since AND until AND s.input_message_ids IS NOT NULL
            AND (s.span_id = root OR s.kind = 'agent')
        ORDER BY s.span_id IS NOT DISTINCT FROM root DESC, s.start_time, s.span_id
    LOOP
        asked := {{.schema}}.llm_asked({{.schema}}.llm_content_list(told.day, told.ids));
        EXIT WHEN asked IS NOT NULL;
    END LOOP;
    RETURN asked;
END
$$;

-- What a trace answered: the last assistant text of its latest call that has one, else of
-- its root or of the outermost agent.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_trace_output(of_trace uuid, root text, since timestamptz, until timestamptz) RETURNS text
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan SET jit = off AS $$
DECLARE
    answer text;
    told record;
BEGIN
    FOR told IN
        SELECT i.day, i.ids FROM (
            SELECT s.span_id, s.start_time FROM {{.schema}}.llm_spans s
            WHERE s.trace_id = of_trace AND s.start_time BETWEEN since AND until AND s.kind = 'llm' AND s.counted
                AND EXISTS (SELECT FROM {{.schema}}.llm_spans w WHERE w.trace_id = of_trace AND w.start_time BETWEEN since AND until
                    AND w.kind = 'llm' AND w.output_message_ids IS NOT NULL) -- of all that observe calls
            ORDER BY s.start_time DESC, s.span_id DESC OFFSET 0) c
        CROSS JOIN LATERAL (
            SELECT i.output_day AS day, i.output_message_ids AS ids FROM {{.schema}}.llm_internal_calls i
            WHERE i.trace_id = of_trace AND i.span_id = c.span_id AND i.start_time = c.start_time OFFSET 0) i
    LOOP
        answer := {{.schema}}.llm_internal_last_text({{.schema}}.llm_content_list(told.day, told.ids), 'assistant');
        IF answer IS NOT NULL THEN
            RETURN answer;
        END IF;
    END LOOP;
    FOR told IN
        SELECT (s.start_time AT TIME ZONE 'UTC')::date AS day, s.output_message_ids AS ids FROM {{.schema}}.llm_spans s
        WHERE s.trace_id = of_trace AND s.start_time BETWEEN since AND until AND s.output_message_ids IS NOT NULL
            AND (s.span_id = root OR s.kind = 'agent')
        ORDER BY s.span_id IS NOT DISTINCT FROM root DESC, s.start_time, s.span_id
    LOOP
        answer := {{.schema}}.llm_internal_last_text({{.schema}}.llm_content_list(told.day, told.ids), 'assistant');
        EXIT WHEN answer IS NOT NULL;
    END LOOP;
    RETURN answer;
END
$$;
