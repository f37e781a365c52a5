-- Look-ups of one trace, in a time that does not grow with the number of days stored.
--
-- Planning a query over all days costs more than running it. So rows are fetched
-- by functions in plpgsql which plan anew once they know the times, and see only
-- the partitions of those days. The functions that people call are in SQL and melt
-- into the query around them: words that it does not select are not fetched, and
-- need no rights.

-- llm_traces.id of a trace named by its hex id or its uuid; null for one that is not there.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_find_trace(trace text) RETURNS uuid
LANGUAGE plpgsql STABLE STRICT AS $$
DECLARE
    named uuid := {{.schema}}.llm_internal_trace_id(trace);
BEGIN
    RETURN coalesce(
        (SELECT t.id FROM {{.schema}}.llm_traces t WHERE t.trace_id = replace(named::text, '-', '')),
        (SELECT t.id FROM {{.schema}}.llm_traces t WHERE t.id = named));
END
$$;

-- The spans of a trace.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_trace_spans(hex text) RETURNS TABLE ({{.columns_of llm_spans}})
LANGUAGE plpgsql STABLE ROWS 100 SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
    trace record;
BEGIN
    SELECT t.id, t.start_time, t.end_time INTO trace FROM {{.schema}}.llm_traces t WHERE t.id = {{.schema}}.llm_internal_find_trace(hex);
    RETURN QUERY SELECT s.* FROM {{.schema}}.llm_spans s
        WHERE s.trace_id = trace.id AND s.start_time BETWEEN trace.start_time AND trace.end_time;
END
$$;

-- The spans of a trace as a tree: place is 1, 2, 3 … as one walks down it, children
-- by start_time and span_id. A span whose parent is not there is a root. Parents
-- may run in circles; of those that no root leads to, the earliest is taken as one.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_trace_tree(hex text)
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

-- Everything that the spans of a trace say, each content once: an object of bodies by
-- id. Null when there is none left, or more than 64 MB of it.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_trace_words(hex text) RETURNS jsonb
LANGUAGE plpgsql STABLE STRICT AS $$
BEGIN
    RETURN (
        WITH used AS (
            SELECT (s.start_time AT TIME ZONE 'UTC')::date AS day, u.id
            FROM {{.schema}}.llm_trace_spans(hex) s
            CROSS JOIN LATERAL (SELECT unnest(s.input_message_ids) UNION ALL SELECT unnest(s.output_message_ids) UNION ALL SELECT unnest(s.document_ids)
                UNION ALL VALUES (s.system_instructions_id), (s.tool_definitions_id), (s.tool_arguments_id), (s.tool_result_id), (s.retrieval_query_id)) AS u (id)
            WHERE u.id IS NOT NULL
        ), contents AS MATERIALIZED (
            SELECT c.id, c.body
            FROM (SELECT used.day, array_agg(DISTINCT used.id) AS ids FROM used GROUP BY used.day) d
            CROSS JOIN LATERAL {{.schema}}.llm_contents_of(d.day, d.ids) c
        )
        SELECT jsonb_object_agg(c.id, c.body) FROM contents c
        WHERE (SELECT sum(octet_length(body::text)) FROM contents) <= 64000000);
END
$$;

-- As llm_content, from words if given.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_word(words jsonb, day date, id uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN CASE WHEN words IS NULL THEN {{.schema}}.llm_content(day, id) ELSE words -> id::text END;
END
$$;

-- As llm_content_list and llm_output_list, from words if given.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_word_list(words jsonb, day date, ids uuid[], finish_reasons text[] DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    IF words IS NULL OR ids IS NULL THEN
        RETURN {{.schema}}.llm_output_list(day, ids, finish_reasons);
    END IF;
    RETURN (SELECT CASE WHEN count(w.body) > 0 OR cardinality(ids) = 0 THEN coalesce(jsonb_agg(
                CASE WHEN finish_reasons[i.n] IS NULL THEN w.body
                     ELSE w.body || jsonb_build_object('finish_reason', finish_reasons[i.n]) END ORDER BY i.n), '[]') END
            FROM unnest(ids) WITH ORDINALITY AS i (id, n)
            CROSS JOIN LATERAL (SELECT words -> i.id::text AS body OFFSET 0) w);
END
$$;

-- The words of a trace are fetched once, when the first column with words is asked
-- for: the calls of a conversation repeat nearly all of them.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_trace(hex text)
RETURNS TABLE ({{.columns_of llm_span_details}}, depth integer)
LANGUAGE sql STABLE AS $$
WITH words AS (SELECT {{.schema}}.llm_trace_words(hex) AS by_id)
SELECT {{.span_facts}},
    {{.schema}}.llm_word_list((SELECT by_id FROM words), d.day, s.input_message_ids) AS input_messages,
    {{.schema}}.llm_word_list((SELECT by_id FROM words), d.day, s.output_message_ids, s.finish_reasons) AS output_messages,
    {{.schema}}.llm_word((SELECT by_id FROM words), d.day, s.system_instructions_id) AS system_instructions,
    {{.schema}}.llm_word((SELECT by_id FROM words), d.day, s.tool_definitions_id) AS tool_definitions,
    {{.schema}}.llm_word((SELECT by_id FROM words), d.day, s.tool_arguments_id) AS tool_arguments,
    {{.schema}}.llm_word((SELECT by_id FROM words), d.day, s.tool_result_id) AS tool_result,
    {{.schema}}.llm_word((SELECT by_id FROM words), d.day, s.retrieval_query_id) #>> '{}' AS retrieval_query,
    {{.schema}}.llm_word_list((SELECT by_id FROM words), d.day, s.document_ids) AS documents,
    {{.span_rest}}, tree.depth
FROM {{.schema}}.llm_trace_spans(hex) s
JOIN {{.schema}}.llm_trace_tree(hex) tree ON tree.span_id = s.span_id AND tree.start_time = s.start_time
CROSS JOIN LATERAL (SELECT (s.start_time AT TIME ZONE 'UTC')::date AS day) d
LEFT JOIN {{.schema}}.llm_traces t ON t.id = s.trace_id
LEFT JOIN {{.schema}}.llm_resources r ON r.id = s.resource_id
ORDER BY tree.place
$$;

-- The same by its uuid.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_trace(id uuid)
RETURNS TABLE ({{.columns_of llm_span_details}}, depth integer)
LANGUAGE sql STABLE AS $$ SELECT * FROM {{.schema}}.llm_trace(id::text) $$;
