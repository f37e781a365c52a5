-- The agent whose span is the innermost around each of these spans.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_agents_around(traces uuid[], spans text[]) RETURNS TABLE (trace_id uuid, span_id text, agent_name text)
LANGUAGE plpgsql STABLE ROWS 100 SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH RECURSIVE up AS (
        SELECT o.trace_id, o.span_id, t.start_time AS since, t.end_time AS until, o.span_id AS at, NULL AS agent_name, 0 AS height
        FROM unnest(traces, spans) AS o (trace_id, span_id) JOIN {{.schema}}.llm_traces t ON t.id = o.trace_id
      UNION ALL
        SELECT up.trace_id, up.span_id, up.since, up.until, p.parent_span_id, p.agent_name, up.height + 1
        FROM up
        CROSS JOIN LATERAL (
            SELECT s.parent_span_id, s.agent_name FROM {{.schema}}.llm_spans s
            WHERE s.trace_id = up.trace_id AND s.span_id = up.at AND s.start_time BETWEEN up.since AND up.until
            LIMIT 1) p
        WHERE up.agent_name IS NULL AND up.height < 100
    )
    SELECT up.trace_id, up.span_id, up.agent_name FROM up WHERE up.agent_name IS NOT NULL;
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
CREATE OR REPLACE FUNCTION {{.schema}}.llm_said(of text)
RETURNS TABLE (n integer, message_id uuid, direction text, finish_reason text, day date, trace_id uuid, span_id text,
    start_time timestamptz, service_name text, agent_name text, model text)
LANGUAGE plpgsql STABLE ROWS 200 AS $$
#variable_conflict use_column
DECLARE
    of_trace boolean := EXISTS (SELECT FROM {{.schema}}.llm_traces t WHERE t.trace_id = lower(of));
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
        WITH calls AS MATERIALIZED (
            SELECT t.* FROM {{.schema}}.llm_trace_spans(of) t
            WHERE of_trace AND t.kind IN ('llm', 'embedding', 'reranker') AND t.counted
            UNION ALL
            SELECT c.* FROM {{.schema}}.llm_call_spans(of, NULL, NULL) c WHERE NOT of_trace AND c.counted
        ), agents AS MATERIALIZED (
            SELECT a.* FROM (SELECT array_agg(c.trace_id) AS traces, array_agg(c.span_id) AS spans FROM calls c) x
            CROSS JOIN LATERAL {{.schema}}.llm_agents_around(x.traces, x.spans) a
        )
        SELECT s.trace_id, s.span_id, s.start_time, s.service_name, a.agent_name,
            coalesce(s.response_model, s.request_model) AS model,
            coalesce(o.day, (s.start_time AT TIME ZONE 'UTC')::date) AS day,
            coalesce(o.input_message_ids, s.input_message_ids, '{}') AS inputs,
            coalesce(o.output_message_ids, s.output_message_ids, '{}') AS outputs,
            coalesce(s.finish_reasons, o.finish_reasons) AS finish_reasons
        FROM calls s
        LEFT JOIN agents a ON a.trace_id = s.trace_id AND a.span_id = s.span_id
        LEFT JOIN LATERAL (
            SELECT * FROM {{.schema}}.llm_outer_telling(s.trace_id, s.span_id, s.kind)
            WHERE s.input_message_ids IS NULL AND s.output_message_ids IS NULL
            OFFSET 0) o ON true
        ORDER BY s.start_time, s.span_id
    LOOP
        day := call.day;
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

-- Models' thoughts are often left out when an answer is sent back: that is the same
-- answer, so an input that equals an answer without its thoughts is not shown.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_transcript(of text)
RETURNS TABLE ("position" bigint, role text, content text, agent_name text, model text, service_name text, direction text,
    trace_hex text, span_id text, start_time timestamptz, body jsonb)
LANGUAGE sql STABLE ROWS 200 AS $$
WITH said AS MATERIALIZED (
    SELECT * FROM {{.schema}}.llm_said(of)
), worded AS (
    SELECT s.*, c.body,
        (SELECT jsonb_agg(p.value ORDER BY p.ordinality) FROM jsonb_array_elements(c.body -> 'parts') WITH ORDINALITY p
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
)
SELECT row_number() OVER (ORDER BY c.n), c.body ->> 'role', {{.schema}}.llm_message_text(c.body), c.agent_name, c.model, c.service_name,
    c.direction, t.trace_id, c.span_id, c.start_time,
    CASE WHEN c.finish_reason IS NULL THEN c.body ELSE c.body || jsonb_build_object('finish_reason', c.finish_reason) END
FROM compared c
LEFT JOIN {{.schema}}.llm_traces t ON t.id = c.trace_id
WHERE (c.direction = 'input' AND c.spoken = c.body -> 'parts' AND c.thought_and_said < c.n) IS NOT TRUE
ORDER BY c.n
$$;
COMMENT ON FUNCTION {{.schema}}.llm_transcript(text) IS
'What was said in a trace (its hex id) or in a session: each message once, in order, with the call that brought it first.';
