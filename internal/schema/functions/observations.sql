-- Several spans of a trace may observe one call: an application's around a client
-- library's, a gateway's below that. One of them is counted, and has the row in
-- llm_calls or llm_tool_calls. What the counted one does not say itself comes from the
-- others; these functions find them. Each walks from its span, one look-up by index a
-- step, so its cost is the distance, whatever the size of the trace; LIMIT keeps the planner
-- from reading the trace whole for each step, and a trace in which all spans have one id
-- from taking time that grows with its cube. Parents may run in circles and
-- chains may be of any length, so none goes further than 100 spans up or down. With ten
-- days of partitions the planner guesses such a walk so costly that PostgreSQL compiled it,
-- which took 400 ms a call; the walk takes less than one. Hence jit = off, and ROWS 1 for
-- the queries around.

-- Whether a span is a call that failed: an error, and neither an answer of its own nor
-- usage. Words and errors from log records change nothing of what counts.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_failed(status text, error_type text, output_message_ids uuid[], event_words smallint,
    input_tokens bigint, output_tokens bigint, total_tokens bigint) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT (status = 'error' OR error_type IS NOT NULL) AND (output_message_ids IS NULL OR (event_words & 2 > 0) IS TRUE)
    AND coalesce(input_tokens, output_tokens, total_tokens) IS NULL
$$;

-- Whether a trace has a span of a kind that observes another's call. As a subquery of the
-- views, which ask for each column, it filled plans over a month of days with a thousand
-- scans: PostgreSQL compiled them for 50 s. COST 1, since few rows ask.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_told_again(of_trace uuid, of_kind text, since timestamptz, until timestamptz) RETURNS boolean
LANGUAGE plpgsql STABLE COST 1 SET plan_cache_mode = force_generic_plan SET jit = off AS $$
BEGIN
    RETURN EXISTS (SELECT FROM {{.schema}}.llm_spans o
        WHERE o.trace_id = of_trace AND o.start_time BETWEEN since AND until AND o.kind = of_kind AND NOT o.counted);
END
$$;

-- The other observations of a counted call, the innermost first: spans of its kind (a tool's
-- also of its call id or else its name) around it or, side by side, enclosing it in time. A call
-- that failed below one that did not is a call of its own. The columns are named, since
-- Citus cannot move a table whose views call a function that returns its row type.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_observations(of_trace uuid, of_span text, since timestamptz, until timestamptz)
RETURNS TABLE ({{.columns_of llm_spans}})
LANGUAGE plpgsql STABLE ROWS 1 SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH RECURSIVE up AS (
        (SELECT s.span_id, s.start_time, s.parent_span_id, s.kind, s.counted, s.tool_name, s.tool_call_id,
            {{.failed s}} AS failed,
            0 AS height
        FROM {{.schema}}.llm_spans s
        WHERE s.trace_id = of_trace AND s.span_id = of_span AND s.start_time BETWEEN since AND until LIMIT 8)
      UNION
        SELECT s.span_id, s.start_time, s.parent_span_id, s.kind, s.counted, s.tool_name, s.tool_call_id,
            {{.failed s}},
            up.height + 1
        FROM up
        {{.outer_spans up}}
        WHERE up.height < 100
    ),
    near AS MATERIALIZED (SELECT * FROM up LIMIT 256),
    others AS (
        SELECT o.span_id, o.start_time, min(o.height) AS height
        FROM near o JOIN near own ON own.height = 0
        WHERE o.span_id <> of_span AND o.kind = own.kind AND NOT o.counted
            AND (o.failed OR NOT own.failed OR o.kind = 'tool')
            AND (o.kind <> 'tool' OR coalesce(o.tool_call_id = own.tool_call_id, o.tool_name IS NOT DISTINCT FROM own.tool_name)
                -- a server's name or a namespace may stand before, or the name be withheld
                AND coalesce(right(o.tool_name, length(own.tool_name)) = own.tool_name OR right(own.tool_name, length(o.tool_name)) = o.tool_name, true))
        GROUP BY o.span_id, o.start_time
    )
    SELECT s.* FROM others o
    CROSS JOIN LATERAL (SELECT x.* FROM {{.schema}}.llm_spans x
        WHERE x.trace_id = of_trace AND x.span_id = o.span_id AND x.start_time = o.start_time OFFSET 0) s
    ORDER BY o.height, s.span_id, s.start_time;
END
$$;

-- The agent that a span works for: the nearest span around it that names one. Most often
-- that is its parent, or there is none in the trace; COST 1 as above.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_agent(of_trace uuid, of_span text, of_parent text, spans integer, since timestamptz, until timestamptz)
RETURNS text
LANGUAGE plpgsql STABLE COST 1 SET plan_cache_mode = force_generic_plan SET jit = off AS $$
DECLARE
    of_parents text := (SELECT min(o.agent_name) FROM {{.schema}}.llm_spans o
        WHERE o.trace_id = of_trace AND o.span_id = of_parent AND o.start_time BETWEEN since AND until);
BEGIN
    IF of_parents IS NOT NULL OR spans <= 64 AND NOT EXISTS (SELECT FROM {{.schema}}.llm_spans o
            WHERE o.trace_id = of_trace AND o.start_time BETWEEN since AND until AND o.agent_name IS NOT NULL) THEN
        RETURN of_parents;
    END IF;
    RETURN (
        WITH RECURSIVE up AS (
            SELECT of_span COLLATE "C" AS span_id, of_parent AS parent_span_id, NULL::text AS agent_name, 0 AS height
          UNION
            SELECT s.span_id, s.parent_span_id, s.agent_name, up.height + 1
            FROM up
            {{.outer_spans up}}
            WHERE up.agent_name IS NULL AND up.height < 100
        )
        SELECT near.agent_name FROM (SELECT * FROM up LIMIT 256) near WHERE near.agent_name IS NOT NULL
        ORDER BY near.height, near.span_id, near.agent_name LIMIT 1);
END
$$;

-- The model of a span that names none: of one that is not counted, that of the call which
-- shows the span's usage; else that of the innermost other observation which names one; of a
-- call of a language model else that of the nearest agent or chain around it which does.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_told_model(of_trace uuid, of_span text, of_kind text, of_parent text, is_counted boolean,
    since timestamptz, until timestamptz)
RETURNS TABLE (provider text, request_model text, response_model text)
LANGUAGE plpgsql STABLE STRICT ROWS 1 SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
BEGIN
    IF NOT is_counted THEN
        RETURN QUERY
        SELECT s.provider, s.request_model, s.response_model
        FROM {{.schema}}.llm_internal_usage_call(of_trace, of_span, since, until) c
        JOIN {{.schema}}.llm_spans s ON s.trace_id = of_trace AND s.span_id = c.span_id AND s.start_time = c.start_time
        WHERE s.request_model IS NOT NULL OR s.response_model IS NOT NULL;
        IF FOUND THEN
            RETURN;
        END IF;
    END IF;
    RETURN QUERY
    SELECT o.provider, o.request_model, o.response_model
    FROM {{.schema}}.llm_internal_observations(of_trace, of_span, since, until) WITH ORDINALITY o
    WHERE o.request_model IS NOT NULL OR o.response_model IS NOT NULL ORDER BY o.ordinality LIMIT 1;
    IF FOUND OR of_kind <> 'llm' THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH RECURSIVE up AS (
        SELECT of_span COLLATE "C" AS span_id, nullif(of_parent, '') AS parent_span_id, NULL::text AS provider, NULL::text AS request_model,
            NULL::text AS response_model, 0 AS height
      UNION
        SELECT s.span_id, s.parent_span_id, s.provider, CASE WHEN s.kind IN ('agent', 'chain') THEN s.request_model END,
            CASE WHEN s.kind IN ('agent', 'chain') THEN s.response_model END, up.height + 1
        FROM up
        {{.outer_spans up}}
        WHERE coalesce(up.request_model, up.response_model) IS NULL AND up.height < 100
    )
    SELECT near.provider, near.request_model, near.response_model FROM (SELECT * FROM up LIMIT 256) near
    WHERE coalesce(near.request_model, near.response_model) IS NOT NULL
    ORDER BY near.height, near.span_id, near.request_model, near.response_model LIMIT 1;
END
$$;

-- The counted call that shows the usage of an observation around it: of those below which
-- the latter observes, the one that ends nearest to its own end. None where none is below, or more
-- than a thousand spans are: such usage has a row of its own. The time is part of the
-- answer, since a trace may have several spans of one id. BETWEEN makes the planner take
-- the index llm_spans_below: it takes the times for so selective that it may prefer the
-- primary key, which reads the whole trace for each step.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_usage_call(of_trace uuid, of_span text, since timestamptz, until timestamptz)
RETURNS TABLE (span_id text, start_time timestamptz)
LANGUAGE plpgsql STABLE ROWS 1 SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH RECURSIVE down AS (
        (SELECT s.span_id, s.start_time, s.end_time, s.kind, s.counted,
            {{.failed s}} AS failed,
            0 AS height
        FROM {{.schema}}.llm_spans s WHERE s.trace_id = of_trace AND s.span_id = of_span AND s.start_time BETWEEN since AND until LIMIT 8)
      UNION
        SELECT s.span_id, s.start_time, s.end_time, s.kind, s.counted,
            {{.failed s}},
            down.height + 1
        FROM down
        CROSS JOIN LATERAL (
            SELECT x.* FROM {{.schema}}.llm_spans x
            WHERE x.trace_id = of_trace AND x.parent_span_id COLLATE "C" BETWEEN down.span_id AND down.span_id AND x.start_time BETWEEN since AND until
                AND (x.kind IN ('llm', 'embedding', 'reranker') OR x.below <> 0) -- as the index llm_spans_below
            UNION ALL
            SELECT x.* FROM {{.side_by_side}} b
            CROSS JOIN LATERAL (SELECT y.* FROM {{.schema}}.llm_spans y
                WHERE y.trace_id = of_trace AND y.span_id = b.inner_span_id AND y.start_time BETWEEN since AND until LIMIT 8) x
            WHERE b.trace_id = of_trace AND b.outer_span_id = down.span_id
            OFFSET 0) s
        WHERE down.height < 100
    ), near AS MATERIALIZED (SELECT * FROM down LIMIT 1001)
    SELECT c.span_id, c.start_time
    FROM near u JOIN near c ON c.kind = u.kind AND c.counted AND (u.failed OR NOT c.failed)
    WHERE u.span_id = of_span AND c.span_id <> of_span AND (SELECT count(*) FROM near) < 1001
    ORDER BY abs(extract(epoch FROM c.end_time) - extract(epoch FROM u.end_time)), c.start_time, c.span_id
    LIMIT 1;
END
$$;

-- Whether an observation has a counted call below it that shows its usage, as above. Most often
-- that is a child of its own, which one look-up finds.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_has_usage_call(of_trace uuid, of_span text, of_kind text, is_failed boolean, spans integer, since timestamptz, until timestamptz)
RETURNS boolean
LANGUAGE plpgsql STABLE COST 10 SET plan_cache_mode = force_generic_plan SET jit = off AS $$
BEGIN
    RETURN spans <= 1000 AND EXISTS (SELECT FROM {{.schema}}.llm_spans c
            WHERE c.trace_id = of_trace AND c.parent_span_id COLLATE "C" BETWEEN of_span AND of_span AND c.start_time BETWEEN since AND until
                AND (c.kind IN ('llm', 'embedding', 'reranker') OR c.below <> 0) -- as the index llm_spans_below
                AND c.kind = of_kind AND c.counted AND c.span_id <> of_span
                AND (is_failed OR NOT {{.failed c}}))
        OR EXISTS (SELECT FROM {{.schema}}.llm_internal_usage_call(of_trace, of_span, since, until));
END
$$;

-- What observations around a counted call say of tokens and cost, where these stand on it. In
-- most traces that is one, the parent of the only call, which one look at the trace shows.
-- Another small trace is read once and searched in memory. The one takes a twentieth, the
-- other a sixth of the time of walking.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_usage_around(of_trace uuid, of_span text, of_start timestamptz, of_kind text, of_parent text, spans integer,
    since timestamptz, until timestamptz)
RETURNS TABLE (input_tokens bigint, output_tokens bigint, total_tokens bigint, cache_read_tokens bigint, cache_creation_tokens bigint,
    cache_write_1h_tokens bigint, reasoning_tokens bigint, input_audio_tokens bigint, output_audio_tokens bigint,
    input_image_tokens bigint, output_image_tokens bigint, web_search_requests bigint,
    input_cost numeric, output_cost numeric, total_cost numeric, estimated_cost numeric, counted_estimate numeric, unpriced_calls integer)
LANGUAGE plpgsql STABLE STRICT ROWS 1 SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
BEGIN
    IF spans > 64 THEN
        RETURN QUERY SELECT * FROM {{.schema}}.llm_internal_told_usage(of_trace, of_span, of_start, since, until);
        RETURN;
    END IF;
    RETURN QUERY
    SELECT {{.told_sums}}, sum(u.estimated_cost) FILTER (WHERE u.tells AND u.estimate_counted),
        (count(*) FILTER (WHERE u.tells AND u.estimate_counted AND u.estimated_cost IS NULL))::integer
    FROM (
        SELECT s.*, t.tells, t.tells AND s.usage_counted AS tells_tokens, t.tells AND coalesce(s.cost_counted, s.usage_counted) AS tells_cost,
            {{.failed s}} AS failed
        FROM {{.schema}}.llm_spans s
        CROSS JOIN LATERAL (SELECT NOT s.counted AND (s.usage_counted OR s.cost_counted) AS tells) t
        WHERE s.trace_id = of_trace AND s.start_time BETWEEN since AND until AND s.kind = of_kind) u
    HAVING count(*) FILTER (WHERE u.tells) = 0
        OR count(*) FILTER (WHERE u.counted) = 1 AND count(*) FILTER (WHERE u.tells) = 1 AND of_parent <> of_span
            AND bool_or(u.span_id = of_parent) FILTER (WHERE u.tells) AND (bool_or(u.failed) FILTER (WHERE u.tells) OR NOT bool_or(u.failed) FILTER (WHERE u.counted));
    IF FOUND THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH RECURSIVE near AS MATERIALIZED (
        SELECT s.span_id, s.start_time, s.end_time, s.parent_span_id, s.kind, s.counted, s.usage_counted OR s.cost_counted AS tells,
            {{.failed s}} AS failed,
            s.usage_counted AS tells_tokens, coalesce(s.cost_counted, s.usage_counted) AS tells_cost, s.estimate_counted,
            s.input_tokens, s.output_tokens, s.total_tokens, s.cache_read_tokens, s.cache_creation_tokens, s.cache_write_1h_tokens, s.reasoning_tokens,
            s.input_audio_tokens, s.output_audio_tokens, s.input_image_tokens, s.output_image_tokens, s.web_search_requests,
            s.input_cost, s.output_cost, s.total_cost, s.estimated_cost
        FROM {{.schema}}.llm_spans s WHERE s.trace_id = of_trace AND s.start_time BETWEEN since AND until
    ), edges AS MATERIALIZED (
        SELECT n.span_id AS inner_id, n.parent_span_id AS outer_id FROM near n WHERE n.parent_span_id IS NOT NULL
        UNION ALL
        SELECT b.inner_span_id, b.outer_span_id FROM {{.side_by_side}} b WHERE b.trace_id = of_trace
    ), down AS (
        SELECT u.span_id AS told_by, u.span_id FROM near u WHERE NOT u.counted AND u.tells
      UNION
        SELECT d.told_by, e.inner_id FROM down d JOIN edges e ON e.outer_id = d.span_id
    ), shown AS (
        SELECT DISTINCT ON (d.told_by) d.told_by, c.span_id, c.start_time, c.failed, c.kind
        FROM down d JOIN near u ON u.span_id = d.told_by
        JOIN near c ON c.span_id = d.span_id AND c.span_id <> u.span_id AND c.kind = u.kind AND c.counted AND (u.failed OR NOT c.failed)
        ORDER BY d.told_by, abs(extract(epoch FROM c.end_time) - extract(epoch FROM u.end_time)), c.start_time, c.span_id
    )
    SELECT {{.usage_sums}}
    FROM shown h JOIN near u ON u.span_id = h.told_by AND NOT u.counted AND u.tells AND u.kind = h.kind AND (u.failed OR NOT h.failed)
    WHERE h.span_id = of_span AND h.start_time = of_start;
END
$$;

-- The same in a trace of any size.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_told_usage(of_trace uuid, of_span text, of_start timestamptz, since timestamptz, until timestamptz)
RETURNS TABLE (input_tokens bigint, output_tokens bigint, total_tokens bigint, cache_read_tokens bigint, cache_creation_tokens bigint,
    cache_write_1h_tokens bigint, reasoning_tokens bigint, input_audio_tokens bigint, output_audio_tokens bigint,
    input_image_tokens bigint, output_image_tokens bigint, web_search_requests bigint,
    input_cost numeric, output_cost numeric, total_cost numeric, estimated_cost numeric, counted_estimate numeric, unpriced_calls integer)
LANGUAGE plpgsql STABLE STRICT ROWS 1 SET plan_cache_mode = force_generic_plan SET jit = off AS $$
BEGIN
    RETURN QUERY
    WITH told AS MATERIALIZED (
        SELECT s.*, s.usage_counted AS tells_tokens, coalesce(s.cost_counted, s.usage_counted) AS tells_cost
        FROM {{.schema}}.llm_internal_observations(of_trace, of_span, since, until) s
        WHERE s.usage_counted OR s.cost_counted
    )
    SELECT {{.usage_sums}}
    FROM told u
    CROSS JOIN LATERAL {{.schema}}.llm_internal_usage_call(of_trace, u.span_id, since, until) c
    WHERE c.span_id = of_span AND c.start_time = of_start;
END
$$;
