-- Look-ups: one trace, one session, one user, one conversation, in a time that does
-- not grow with the number of days stored.
--
-- Planning a query over all days costs more than running it. So rows are fetched
-- by functions in plpgsql which plan anew once they know the times, and see only
-- the partitions of those days. The functions that people call are in SQL and melt
-- into the query around them: words that it does not select are not fetched, and
-- need no rights.

-- Spans of recent hours, over all services and models. Rows arrive nearly in order
-- of time, so a summary of each 256 kB says enough, and costs writers next to nothing.
CREATE INDEX llm_spans_time ON {{.schema}}.llm_spans USING brin (start_time) WITH (pages_per_range = 32, autosummarize = on);

-- Costs of recent hours by trace, without a look at the spans. New entries go to its
-- end, and calls that report no cost make none.
CREATE INDEX llm_spans_cost ON {{.schema}}.llm_spans (start_time) INCLUDE (trace_id, total_cost)
    WHERE usage_counted AND total_cost IS NOT NULL;

-- What failed lately; spans that did not fail make no entry.
CREATE INDEX llm_spans_failed ON {{.schema}}.llm_spans (start_time) WHERE error_type IS NOT NULL;

-- What was asked: the text of the last user message of a list that has text.
CREATE FUNCTION {{.schema}}.llm_asked(messages jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
DECLARE
    asked text;
BEGIN
    FOR i IN REVERSE jsonb_array_length(messages) - 1 .. 0 LOOP
        IF messages -> i ->> 'role' = 'user' THEN
            asked := {{.schema}}.llm_message_text(messages -> i);
            EXIT WHEN asked IS NOT NULL;
        END IF;
    END LOOP;
    RETURN asked;
END
$$;

-- It returns a row at most. To guess 1000 made a few dozen calls look so costly that
-- PostgreSQL compiled the query, which took longer than running it.
ALTER FUNCTION {{.schema}}.llm_outer_telling(uuid, text, text) ROWS 1;

-- The spans of a trace.
CREATE FUNCTION {{.schema}}.llm_trace_spans(hex text) RETURNS SETOF {{.schema}}.llm_spans
LANGUAGE plpgsql STABLE ROWS 100 SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    trace record;
BEGIN
    SELECT t.id, t.start_time, t.end_time INTO trace FROM {{.schema}}.llm_traces t WHERE t.trace_id = lower(hex);
    RETURN QUERY SELECT s.* FROM {{.schema}}.llm_spans s
        WHERE s.trace_id = trace.id AND s.start_time BETWEEN trace.start_time AND trace.end_time;
END
$$;

-- The spans of a trace as a tree: place is 1, 2, 3 … as one walks down it, children
-- by start_time and span_id. A span whose parent is not there is a root. Parents
-- may run in circles; of those that no root leads to, the earliest is taken as one.
CREATE FUNCTION {{.schema}}.llm_trace_tree(hex text)
RETURNS TABLE (place bigint, depth integer, span_id text, start_time timestamptz)
LANGUAGE plpgsql STABLE ROWS 100 AS $$
#variable_conflict use_column
DECLARE
    ids text[];
    starts timestamptz[];
    roots boolean[];
    last_children integer[];
    earlier_siblings integer[];
    seen boolean[];
    stack integer[];
    depths integer[];
    top integer;
    root integer;
    at integer;
    child integer;
BEGIN
    WITH spans AS (
        SELECT row_number() OVER (ORDER BY s.start_time, s.span_id)::integer AS n, s.span_id, s.start_time, s.parent_span_id
        FROM {{.schema}}.llm_trace_spans(hex) s
    ), first_of_id AS (
        SELECT s.span_id, min(s.n) AS n FROM spans s GROUP BY s.span_id
    ), placed AS (
        SELECT s.*, parent.n AS parent, lag(s.n) OVER (PARTITION BY parent.n ORDER BY s.n) AS earlier_sibling
        FROM spans s LEFT JOIN first_of_id parent ON parent.span_id = s.parent_span_id
    ), last_child AS (
        SELECT p.parent, max(p.n) AS n FROM placed p GROUP BY p.parent
    )
    SELECT array_agg(p.span_id ORDER BY p.n), array_agg(p.start_time ORDER BY p.n), array_agg(p.parent IS NULL ORDER BY p.n),
        array_agg(c.n ORDER BY p.n), array_agg(p.earlier_sibling ORDER BY p.n), array_agg(false)
    INTO ids, starts, roots, last_children, earlier_siblings, seen
    FROM placed p LEFT JOIN last_child c ON c.parent = p.n;

    place := 0;
    FOR root IN
        SELECT r.n FROM unnest(roots) WITH ORDINALITY AS r (is_root, n) ORDER BY r.is_root DESC, r.n
    LOOP
        stack[1] := root;
        depths[1] := 0;
        top := 1;
        WHILE top > 0 LOOP
            at := stack[top];
            depth := depths[top];
            top := top - 1;
            CONTINUE WHEN seen[at];
            seen[at] := true;
            place := place + 1;
            span_id := ids[at];
            start_time := starts[at];
            RETURN NEXT;
            child := last_children[at]; -- the last first, so that the first comes off the stack first
            WHILE child IS NOT NULL LOOP
                top := top + 1;
                stack[top] := child;
                depths[top] := depth + 1;
                child := earlier_siblings[child];
            END LOOP;
        END LOOP;
    END LOOP;
END
$$;

CREATE FUNCTION {{.schema}}.llm_trace(hex text)
RETURNS TABLE (trace_id uuid, trace_hex text, span_id text, parent_span_id text, name text, span_kind text, kind text, operation text,
    service_name text, scope_name text, scope_version text, start_time timestamptz, end_time timestamptz, duration_us bigint,
    status text, status_message text, error_type text, error_message text,
    provider text, request_model text, response_model text, response_id text, finish_reasons text[], request_parameters jsonb,
    streaming boolean, ttft_ms double precision,
    input_tokens bigint, output_tokens bigint, total_tokens bigint, cache_read_tokens bigint, cache_creation_tokens bigint,
    reasoning_tokens bigint, input_cost numeric, output_cost numeric, total_cost numeric, aggregate_usage jsonb,
    counted boolean, usage_counted boolean,
    user_id text, session_id text, environment text, release text, tags text[], prompt_name text, prompt_version text,
    agent_name text, agent_id text, tool_name text, tool_call_id text, embedding_dimensions integer,
    input_message_ids uuid[], output_message_ids uuid[], system_instructions_id uuid, tool_definitions_id uuid,
    tool_arguments_id uuid, tool_result_id uuid, retrieval_query_id uuid, document_ids uuid[],
    input_messages jsonb, output_messages jsonb, system_instructions jsonb, tool_definitions jsonb, tool_arguments jsonb,
    tool_result jsonb, retrieval_query text, documents jsonb,
    resource_id uuid, resource_attributes jsonb, attributes jsonb, events jsonb, links jsonb, trace_state text, flags bigint,
    dropped_attributes_count bigint, dropped_events_count bigint, dropped_links_count bigint, adjustments text[], depth integer)
LANGUAGE sql STABLE AS $$
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
    {{.schema}}.llm_whole_events(d.day, s.events) AS events, s.links, s.trace_state, s.flags, s.dropped_attributes_count, s.dropped_events_count, s.dropped_links_count, s.adjustments, tree.depth
FROM {{.schema}}.llm_trace_spans(hex) s
JOIN {{.schema}}.llm_trace_tree(hex) tree ON tree.span_id = s.span_id AND tree.start_time = s.start_time
CROSS JOIN LATERAL (SELECT (s.start_time AT TIME ZONE 'UTC')::date AS day) d
LEFT JOIN {{.schema}}.llm_traces t ON t.id = s.trace_id
LEFT JOIN {{.schema}}.llm_resources r ON r.id = s.resource_id
ORDER BY tree.place
$$;
COMMENT ON FUNCTION {{.schema}}.llm_trace(text) IS
'The spans of a trace, as llm_span_details shows them, in the order of their tree, with their depth in it (0 is a root).';

-- The calls of some traces that are of a session or of a user, whichever is not null:
-- all, or the newest. OFFSET 0 keeps the inner query from being merged with the outer
-- one, so that it runs for one trace at a time and sees the partitions of its days only.
CREATE FUNCTION {{.schema}}.llm_call_spans_of(traces uuid[], of_session text, of_user text, newest integer) RETURNS SETOF {{.schema}}.llm_spans
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
CREATE FUNCTION {{.schema}}.llm_call_spans(of_session text, of_user text, newest integer) RETURNS SETOF {{.schema}}.llm_spans
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
CREATE FUNCTION {{.schema}}.llm_calls_of(of_session text, of_user text, newest integer) RETURNS SETOF {{.schema}}.llm_calls
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

CREATE FUNCTION {{.schema}}.llm_session_calls(session text, newest integer DEFAULT NULL) RETURNS SETOF {{.schema}}.llm_calls
LANGUAGE sql STABLE AS $$
SELECT c.* FROM {{.schema}}.llm_calls_of(session, NULL, newest) c ORDER BY c.start_time, c.span_id
$$;
COMMENT ON FUNCTION {{.schema}}.llm_session_calls(text, integer) IS
'The calls of a session, as llm_calls shows them, in order of time: all, or the newest so many.';

CREATE FUNCTION {{.schema}}.llm_user_calls(of_user text, newest integer DEFAULT 50) RETURNS SETOF {{.schema}}.llm_calls
LANGUAGE sql STABLE AS $$
SELECT c.* FROM {{.schema}}.llm_calls_of(NULL, of_user, newest) c ORDER BY c.start_time DESC, c.span_id DESC
$$;
COMMENT ON FUNCTION {{.schema}}.llm_user_calls(text, integer) IS
'The newest calls of a user, as llm_calls shows them, the latest first; all of them when newest is null.';

-- The agent whose span is the innermost around each of these spans.
CREATE FUNCTION {{.schema}}.llm_agents_around(traces uuid[], spans text[]) RETURNS TABLE (trace_id uuid, span_id text, agent_name text)
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
CREATE FUNCTION {{.schema}}.llm_said(of text)
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

-- Bodies of a day's contents.
CREATE FUNCTION {{.schema}}.llm_contents_of(day date, ids uuid[]) RETURNS TABLE (id uuid, body jsonb)
LANGUAGE plpgsql STABLE ROWS 100 SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT c.id, c.body FROM {{.schema}}.llm_contents c WHERE c.day = llm_contents_of.day AND c.id = ANY (ids);
END
$$;

-- Models' thoughts are often left out when an answer is sent back: that is the same
-- answer, so an input that equals an answer without its thoughts is not shown.
CREATE FUNCTION {{.schema}}.llm_transcript(of text)
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

