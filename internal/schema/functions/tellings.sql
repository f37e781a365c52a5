-- One call may be told by several spans of its trace: an application's around a client
-- library's, a gateway's below that. One of them is counted, and has the row in
-- llm_calls or llm_tool_calls. What the counted one does not say itself comes from the
-- others; these functions find them. Each climbs from the span, so its cost is the
-- depth, in one plan that sees the days of the trace only. ROWS 1, since to guess 1000
-- made a few dozen calls look so costly that PostgreSQL compiled the query, which took
-- longer than running it.

-- The other tellings of a counted call, the innermost first: spans of its kind (a tool's
-- also of its name and call id) around it or, side by side, enclosing it in time. A call
-- that failed below one that did not is a call of its own.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_tellings(of_trace uuid, of_span text, since timestamptz, until timestamptz)
RETURNS SETOF {{.schema}}.llm_spans
LANGUAGE plpgsql STABLE ROWS 1 AS $$
BEGIN
    RETURN QUERY
    WITH RECURSIVE up AS (
        SELECT s.span_id, s.start_time, s.parent_span_id, s.kind, s.counted, s.tool_name, s.tool_call_id,
            s.error_type IS NOT NULL AND (s.output_message_ids IS NULL OR s.event_words & 2 > 0)
                AND coalesce(s.input_tokens, s.output_tokens, s.total_tokens) IS NULL AS failed, 0 AS height
        FROM {{.schema}}.llm_spans s
        WHERE s.trace_id = of_trace AND s.span_id = of_span AND s.start_time BETWEEN since AND until
      UNION ALL
        SELECT s.span_id, s.start_time, s.parent_span_id, s.kind, s.counted, s.tool_name, s.tool_call_id,
            s.error_type IS NOT NULL AND (s.output_message_ids IS NULL OR s.event_words & 2 > 0)
                AND coalesce(s.input_tokens, s.output_tokens, s.total_tokens) IS NULL, up.height + 1
        FROM up
        CROSS JOIN LATERAL (
            SELECT up.parent_span_id AS span_id WHERE up.parent_span_id IS NOT NULL
            UNION
            SELECT b.outer_span_id FROM {{.schema}}.llm_internal_side_by_side b WHERE b.trace_id = of_trace AND b.inner_span_id = up.span_id) o
        JOIN {{.schema}}.llm_spans s ON s.trace_id = of_trace AND s.span_id = o.span_id AND s.start_time BETWEEN since AND until
    ) CYCLE span_id SET again USING path,
    others AS (
        SELECT o.span_id, o.start_time, min(o.height) AS height
        FROM up o JOIN up own ON own.height = 0
        WHERE o.height > 0 AND NOT o.again AND o.kind = own.kind AND NOT o.counted
            AND (o.failed OR NOT own.failed OR o.kind = 'tool')
            AND (o.kind <> 'tool' OR o.tool_name IS NOT DISTINCT FROM own.tool_name AND coalesce(o.tool_call_id = own.tool_call_id, true))
        GROUP BY o.span_id, o.start_time
    )
    SELECT s.* FROM others o
    JOIN {{.schema}}.llm_spans s ON s.trace_id = of_trace AND s.span_id = o.span_id AND s.start_time = o.start_time
    ORDER BY o.height, s.span_id;
END
$$;

-- The agent that a span works for: the nearest span around it that names one.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_agent(of_trace uuid, of_span text, of_parent text, since timestamptz, until timestamptz)
RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        WITH RECURSIVE up AS (
            SELECT of_span AS span_id, of_parent AS parent_span_id, NULL::text AS agent_name, 0 AS height
          UNION ALL
            SELECT s.span_id, s.parent_span_id, s.agent_name, up.height + 1
            FROM up
            CROSS JOIN LATERAL (
                SELECT up.parent_span_id AS span_id WHERE up.parent_span_id IS NOT NULL
                UNION
                SELECT b.outer_span_id FROM {{.schema}}.llm_internal_side_by_side b WHERE b.trace_id = of_trace AND b.inner_span_id = up.span_id) o
            JOIN {{.schema}}.llm_spans s ON s.trace_id = of_trace AND s.span_id = o.span_id AND s.start_time BETWEEN since AND until
            WHERE up.agent_name IS NULL
        ) CYCLE span_id SET again USING path
        SELECT up.agent_name FROM up WHERE up.agent_name IS NOT NULL ORDER BY up.height, up.span_id LIMIT 1);
END
$$;

-- The counted call that shows the usage of a telling around it: of those below it which
-- it tells, the one that ends nearest to its own end. Null where there is none.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_usage_call(of_trace uuid, of_span text, since timestamptz, until timestamptz) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        WITH RECURSIVE spans AS MATERIALIZED (
            SELECT s.span_id, s.parent_span_id, s.kind, s.counted, s.start_time, s.end_time,
                s.error_type IS NOT NULL AND (s.output_message_ids IS NULL OR s.event_words & 2 > 0)
                    AND coalesce(s.input_tokens, s.output_tokens, s.total_tokens) IS NULL AS failed
            FROM {{.schema}}.llm_spans s WHERE s.trace_id = of_trace AND s.start_time BETWEEN since AND until
        ), edges AS MATERIALIZED (
            SELECT s.span_id, s.parent_span_id AS outer_span_id FROM spans s WHERE s.parent_span_id IS NOT NULL
            UNION
            SELECT b.inner_span_id, b.outer_span_id FROM {{.schema}}.llm_internal_side_by_side b WHERE b.trace_id = of_trace
        ), down AS (
            SELECT of_span AS span_id
            UNION
            SELECT e.span_id FROM down JOIN edges e ON e.outer_span_id = down.span_id
        )
        SELECT c.span_id
        FROM spans u JOIN spans c ON c.kind = u.kind AND c.counted AND (u.failed OR NOT c.failed) JOIN down ON down.span_id = c.span_id
        WHERE u.span_id = of_span AND c.span_id <> of_span
        ORDER BY abs(extract(epoch FROM c.end_time - u.end_time)), c.start_time, c.span_id
        LIMIT 1);
END
$$;

-- What tellings around a counted call say of tokens and cost, where these stand on it.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_told_usage(of_trace uuid, of_span text, since timestamptz, until timestamptz)
RETURNS TABLE (input_tokens bigint, output_tokens bigint, total_tokens bigint, cache_read_tokens bigint, cache_creation_tokens bigint,
    cache_write_1h_tokens bigint, reasoning_tokens bigint, input_audio_tokens bigint, output_audio_tokens bigint,
    input_image_tokens bigint, output_image_tokens bigint, web_search_requests bigint,
    input_cost numeric, output_cost numeric, total_cost numeric, estimated_cost numeric, counted_estimate numeric, unpriced_calls integer)
LANGUAGE plpgsql STABLE STRICT ROWS 1 AS $$
BEGIN
    RETURN QUERY
    WITH told AS MATERIALIZED (
        SELECT s.*, s.usage_counted AS tells_tokens, coalesce(s.cost_counted, s.usage_counted) AS tells_cost
        FROM {{.schema}}.llm_internal_tellings(of_trace, of_span, since, until) s
        WHERE s.usage_counted OR s.cost_counted
    )
    SELECT (sum(u.input_tokens) FILTER (WHERE u.tells_tokens))::bigint, (sum(u.output_tokens) FILTER (WHERE u.tells_tokens))::bigint,
        (sum(u.total_tokens) FILTER (WHERE u.tells_tokens))::bigint, (sum(u.cache_read_tokens) FILTER (WHERE u.tells_tokens))::bigint,
        (sum(u.cache_creation_tokens) FILTER (WHERE u.tells_tokens))::bigint,
        (sum(u.cache_write_1h_tokens) FILTER (WHERE u.tells_tokens))::bigint, (sum(u.reasoning_tokens) FILTER (WHERE u.tells_tokens))::bigint,
        (sum(u.input_audio_tokens) FILTER (WHERE u.tells_tokens))::bigint, (sum(u.output_audio_tokens) FILTER (WHERE u.tells_tokens))::bigint,
        (sum(u.input_image_tokens) FILTER (WHERE u.tells_tokens))::bigint, (sum(u.output_image_tokens) FILTER (WHERE u.tells_tokens))::bigint,
        (sum(u.web_search_requests) FILTER (WHERE u.tells_tokens))::bigint,
        sum(u.input_cost) FILTER (WHERE u.tells_cost), sum(u.output_cost) FILTER (WHERE u.tells_cost),
        sum(u.total_cost) FILTER (WHERE u.tells_cost),
        sum(u.estimated_cost) FILTER (WHERE u.tells_tokens), sum(u.estimated_cost) FILTER (WHERE u.estimate_counted),
        (count(*) FILTER (WHERE u.estimate_counted AND u.estimated_cost IS NULL))::integer
    FROM told u
    WHERE {{.schema}}.llm_internal_usage_call(of_trace, u.span_id, since, until) = of_span;
END
$$;
