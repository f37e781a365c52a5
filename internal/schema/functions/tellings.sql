-- The innermost uncounted span of the same kind around (or, told side by side,
-- beside) a span that has words: where the words of a counted span without
-- words are. It climbs from the span, so its cost is the depth. ROWS 1, since to guess
-- 1000 made a few dozen calls look so costly that PostgreSQL compiled the query, which
-- took longer than running it.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_outer_telling(of_trace uuid, of_span text, of_kind text)
RETURNS TABLE (day date, input_message_ids uuid[], output_message_ids uuid[], finish_reasons text[], system_instructions_id uuid, tool_definitions_id uuid)
LANGUAGE plpgsql STABLE ROWS 1 AS $$
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
