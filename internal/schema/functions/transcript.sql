-- What the calls of a trace or, where it is null, of a session said, in order; a side, input
-- or output, that no call of a trace has is its root's or outermost agent's. Prompts of a session whose
-- calls name other traces are of no row of llm_traces: they are taken unless a call before the next one has its input. OFFSET 0 lets the inner query
-- run for one trace at a time, which sees the partitions of its days only.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_words_of(of_trace uuid, of_session text)
RETURNS TABLE (trace_id uuid, span_id text, start_time timestamptz, service_name text, agent_name text, model text,
    input_day date, output_day date, inputs uuid[], outputs uuid[], finish_reasons text[])
LANGUAGE plpgsql STABLE ROWS 100 SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    traces uuid[] := ARRAY[of_trace];
BEGIN
    IF of_trace IS NULL THEN
        traces := ARRAY(SELECT DISTINCT s.trace_id FROM {{.schema}}.llm_spans s WHERE s.session_id = of_session);
    END IF;
    RETURN QUERY
    WITH calls AS MATERIALIZED (
        SELECT c.* FROM {{.schema}}.llm_traces t
        CROSS JOIN LATERAL (
            SELECT i.trace_id, i.span_id, i.start_time, i.service_name, i.agent_name, coalesce(i.response_model, i.request_model) AS model,
                i.input_day, i.output_day, i.input_message_ids, i.output_message_ids, i.finish_reasons, i.session_id
            FROM {{.schema}}.llm_internal_calls i
            WHERE i.trace_id = t.id AND i.start_time BETWEEN t.start_time AND t.end_time AND i.is_call
            OFFSET 0) c
        WHERE t.id = ANY (traces) AND (of_trace IS NOT NULL OR c.session_id = of_session)
    ), agents AS (
        SELECT DISTINCT ON (a.trace_id) a.*
        FROM {{.schema}}.llm_traces t
        CROSS JOIN LATERAL (
            SELECT s.trace_id, s.span_id, s.start_time, s.end_time, s.service_name, s.agent_name, s.finish_reasons, s.parent_span_id,
                CASE WHEN NOT EXISTS (SELECT FROM calls c WHERE c.trace_id = t.id AND c.input_message_ids IS NOT NULL) THEN s.input_message_ids END AS inputs,
                CASE WHEN NOT EXISTS (SELECT FROM calls c WHERE c.trace_id = t.id AND c.output_message_ids IS NOT NULL) THEN s.output_message_ids END AS outputs
            FROM {{.schema}}.llm_spans s
            WHERE s.trace_id = t.id AND s.start_time BETWEEN t.start_time AND t.end_time AND (s.kind = 'agent' OR s.parent_span_id IS NULL)
                AND (s.input_message_ids IS NOT NULL OR s.output_message_ids IS NOT NULL)
                AND (of_trace IS NOT NULL OR coalesce(s.session_id, t.session_id) = of_session)
            OFFSET 0) a
        WHERE t.id = ANY (traces) AND (a.inputs IS NOT NULL OR a.outputs IS NOT NULL)
        ORDER BY a.trace_id, a.parent_span_id IS NULL DESC, a.start_time, a.span_id
    ), prompts AS (
        SELECT p.* FROM (
            SELECT s.trace_id, s.span_id, s.start_time, s.service_name, s.agent_name, s.input_message_ids AS inputs, lead(s.start_time) OVER (ORDER BY s.start_time) AS next
            FROM {{.schema}}.llm_spans s
            WHERE of_trace IS NULL AND s.session_id = of_session AND s.source = 'event' AND s.kind = 'agent' AND s.input_message_ids IS NOT NULL) p
        WHERE NOT EXISTS (SELECT FROM {{.schema}}.llm_traces t WHERE t.id = p.trace_id)
            AND NOT EXISTS (SELECT FROM calls c WHERE c.input_message_ids IS NOT NULL AND c.start_time >= p.start_time AND (c.start_time < p.next) IS NOT FALSE)
    )
    SELECT w.trace_id, w.span_id, w.start_time, w.service_name, w.agent_name, w.model, d.input_day, d.output_day, w.inputs, w.outputs, w.finish_reasons
    FROM (
        SELECT c.trace_id, c.span_id, c.start_time, c.start_time AS place, c.service_name, c.agent_name, c.model, c.input_day, c.output_day,
            ARRAY(SELECT unnest(c.input_message_ids)) AS inputs, ARRAY(SELECT unnest(c.output_message_ids)) AS outputs, c.finish_reasons
        FROM calls c
        UNION ALL
        SELECT a.trace_id, a.span_id, a.start_time, a.start_time, a.service_name, a.agent_name, NULL, NULL, NULL, a.inputs, '{}', NULL
        FROM agents a WHERE a.inputs IS NOT NULL
        UNION ALL
        SELECT p.trace_id, p.span_id, p.start_time, p.start_time, p.service_name, p.agent_name, NULL, NULL, NULL, p.inputs, '{}', NULL
        FROM prompts p
        UNION ALL
        SELECT a.trace_id, a.span_id, a.start_time, a.end_time, a.service_name, a.agent_name, NULL, NULL, NULL, '{}', a.outputs, a.finish_reasons
        FROM agents a WHERE a.outputs IS NOT NULL) w
    CROSS JOIN LATERAL (
        SELECT coalesce(w.input_day, (w.start_time AT TIME ZONE 'UTC')::date) AS input_day, coalesce(w.output_day, (w.start_time AT TIME ZONE 'UTC')::date) AS output_day) d
    ORDER BY w.place, w.outputs <> '{}', w.span_id;
END
$$;

-- What was said in a trace or in a session, in order; n counts it.
--
-- Calls repeat what was said before them. So a call's input is laid beside the messages
-- so far, and what is found there in the same order repeats them, wherever that begins
-- and whatever lies between. What follows the last message found was said now. Of what
-- stands before it and was not found, only that is new which the input holds more often
-- than it was said so far. So a history that was cut short, or that another agent's
-- calls came between, adds nothing; "yes" counts twice when a history holds it twice.
-- The very input of an earlier call says nothing new. An answer is always new.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_transcript(of text)
RETURNS TABLE (n integer, message_id uuid, direction text, finish_reason text, day date, trace_id uuid, span_id text,
    start_time timestamptz, service_name text, agent_name text, model text)
LANGUAGE plpgsql STABLE ROWS 200 AS $$
#variable_conflict use_column
DECLARE
    of_id uuid := CASE WHEN lower(btrim(of)) ~ '^([0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$'
        THEN {{.schema}}.llm_internal_find_trace(of) END;
    said uuid[] := '{}';
    before integer; -- messages said before this call
    reached integer; -- the last of them that the input repeats
    last_found integer; -- where that stands in the input
    at integer;
    missing integer[]; -- where the input has what was not found
    i integer;
    input_hash uuid;
    input_hashes uuid[] := '{}';
    history uuid[]; -- input and answer of the call before
    call record;
    message uuid;
BEGIN
    FOR call IN
        SELECT w.* FROM {{.schema}}.llm_internal_words_of(of_id, of) w
    LOOP
        day := call.input_day;
        trace_id := call.trace_id;
        span_id := call.span_id;
        start_time := call.start_time;
        service_name := call.service_name;
        agent_name := call.agent_name;
        model := call.model;
        before := cardinality(said);
        reached := 0;
        last_found := 0;
        missing := '{}';
        -- Nearly always the call goes on where the one before it ended.
        IF call.inputs[1:cardinality(history)] = history THEN
            reached := before;
            last_found := cardinality(history);
        END IF;
        input_hash := md5(array_send(call.inputs))::uuid;
        IF input_hash = ANY (input_hashes) THEN
            last_found := cardinality(call.inputs);
        END IF;
        input_hashes := input_hashes || input_hash;
        FOR i IN last_found + 1 .. cardinality(call.inputs) LOOP
            at := array_position(said, call.inputs[i], reached + 1);
            IF at IS NULL THEN
                missing := missing || i;
            ELSE
                reached := at;
                last_found := i;
            END IF;
        END LOOP;
        FOREACH i IN ARRAY missing LOOP
            message := call.inputs[i];
            IF i > last_found OR cardinality(array_positions(call.inputs[1:i], message))
                    > cardinality(array_positions(said[1:before], message)) THEN
                said := said || message;
                n := cardinality(said);
                message_id := message;
                direction := 'input';
                finish_reason := NULL;
                RETURN NEXT;
            END IF;
        END LOOP;
        day := call.output_day;
        FOR i IN 1 .. cardinality(call.outputs) LOOP
            said := said || call.outputs[i];
            n := cardinality(said);
            message_id := call.outputs[i];
            direction := 'output';
            finish_reason := call.finish_reasons[i];
            RETURN NEXT;
        END LOOP;
        history := CASE WHEN call.outputs <> '{}' THEN call.inputs || call.outputs END;
    END LOOP;
END
$$;

-- The tool calls of traces, and their results, as messages: of traces whose tools log records
-- tell, since what these tell of answers has no calls of tools.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_unsaid_tools(traces uuid[], of text)
RETURNS TABLE (trace_id uuid, span_id text, start_time timestamptz, service_name text, agent_name text, direction text, body jsonb)
LANGUAGE plpgsql STABLE ROWS 20 SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
BEGIN
    IF cardinality(traces) = 0 THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT s.trace_id, s.span_id, s.start_time, s.service_name, s.agent_name, m.direction, m.body
    FROM {{.schema}}.llm_traces t
    CROSS JOIN LATERAL (
        SELECT i.* FROM {{.schema}}.llm_internal_tools i
        WHERE i.trace_id = t.id AND i.start_time BETWEEN t.start_time AND t.end_time
            AND EXISTS (SELECT FROM {{.schema}}.llm_spans e
                WHERE e.trace_id = t.id AND e.start_time BETWEEN t.start_time AND t.end_time AND e.kind = 'tool' AND e.source = 'event')
        OFFSET 0) s
    CROSS JOIN LATERAL (
        SELECT (SELECT c.body FROM {{.schema}}.llm_contents_of(s.arguments_day, ARRAY[s.tool_arguments_id]) c) AS arguments,
            (SELECT c.body FROM {{.schema}}.llm_contents_of(s.result_day, ARRAY[s.tool_result_id]) c) AS result) w
    CROSS JOIN LATERAL (VALUES
        ('output', jsonb_build_object('role', 'assistant', 'parts', jsonb_build_array(jsonb_strip_nulls(
            jsonb_build_object('type', 'tool_call', 'id', s.tool_call_id, 'name', s.tool_name)) || coalesce(jsonb_build_object('arguments', w.arguments), '{}')))),
        ('input', CASE WHEN w.result IS NOT NULL THEN jsonb_build_object('role', 'tool', 'parts', jsonb_build_array(jsonb_strip_nulls(
            jsonb_build_object('type', 'tool_call_response', 'id', s.tool_call_id)) || jsonb_build_object('response', w.result))) END)) m (direction, body)
    WHERE t.id = ANY (traces) AND m.body IS NOT NULL
        AND (s.own_session_id IS NULL OR s.own_session_id = of OR t.trace_id = replace(lower(btrim(of)), '-', '') OR t.id::text = lower(btrim(of)));
END
$$;

-- Models' thoughts are often left out when an answer is sent back: that is the same
-- answer, so an input that equals an answer without its thoughts is not shown.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_transcript(of text)
RETURNS TABLE ("position" bigint, role text, content text, agent_name text, model text, service_name text, direction text,
    trace_hex text, span_id text, start_time timestamptz, body jsonb)
LANGUAGE sql STABLE ROWS 200 AS $$
WITH said AS MATERIALIZED (
    SELECT * FROM {{.schema}}.llm_internal_transcript(of)
), worded AS (
    SELECT s.*, c.body,
        (SELECT jsonb_agg(p.value ORDER BY p.ordinality) FROM jsonb_array_elements(CASE WHEN jsonb_typeof(c.body -> 'parts') = 'array' THEN c.body -> 'parts' END) WITH ORDINALITY p
         WHERE p.value ->> 'type' <> 'reasoning') AS spoken
    FROM said s
    LEFT JOIN (
        SELECT d.day, b.id, b.body
        FROM (SELECT said.day, array_agg(DISTINCT said.message_id) AS ids FROM said GROUP BY said.day) d
        CROSS JOIN LATERAL {{.schema}}.llm_contents_of(d.day, d.ids) b) c ON c.day = s.day AND c.id = s.message_id
), compared AS (
    SELECT w.*, min(w.n) FILTER (WHERE w.direction = 'output' AND w.spoken <> w.body -> 'parts')
        OVER (PARTITION BY w.body ->> 'role', w.spoken) AS thought_and_said
    FROM worded w
), lines AS (
    SELECT c.n::numeric, c.body, c.agent_name, c.model, c.service_name, c.direction, c.trace_id, c.span_id, c.start_time, c.finish_reason
    FROM compared c
    WHERE (c.direction = 'input' AND c.spoken = c.body -> 'parts' AND c.thought_and_said < c.n) IS NOT TRUE
    UNION ALL
    SELECT coalesce((SELECT min(s.n) FROM said s WHERE s.start_time > u.start_time), (SELECT max(s.n) + 1 FROM said s)) - 0.5,
        u.body, u.agent_name, NULL, u.service_name, u.direction, u.trace_id, u.span_id, u.start_time, NULL
    FROM (SELECT array_agg(DISTINCT w.trace_id) AS ids, array_agg(DISTINCT w.trace_id) FILTER (WHERE w.body -> 'parts' @> '[{"type": "tool_call"}]') AS called FROM worded w) traces
    CROSS JOIN LATERAL {{.schema}}.llm_internal_unsaid_tools(ARRAY(SELECT unnest(traces.ids) EXCEPT SELECT unnest(traces.called)), of) u
)
SELECT row_number() OVER (ORDER BY l.n, l.start_time, l.span_id, l.direction = 'input'), l.body ->> 'role', {{.schema}}.llm_internal_said(l.body),
    l.agent_name, l.model, l.service_name, l.direction, t.trace_id, l.span_id, l.start_time,
    CASE WHEN l.finish_reason IS NULL THEN l.body ELSE l.body || jsonb_build_object('finish_reason', l.finish_reason) END
FROM lines l
LEFT JOIN {{.schema}}.llm_traces t ON t.id = l.trace_id
ORDER BY 1
$$;

-- The same of a trace by its uuid.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_transcript(of uuid)
RETURNS TABLE ("position" bigint, role text, content text, agent_name text, model text, service_name text, direction text,
    trace_hex text, span_id text, start_time timestamptz, body jsonb)
LANGUAGE sql STABLE ROWS 200 AS $$ SELECT * FROM {{.schema}}.llm_transcript(of::text) $$;
