-- What was said with these words in it, in this very order and whatever the case of
-- letters, on some UTC days: messages, system prompts, arguments and results of tools. A
-- row per text and trace, with the earliest span of the trace that holds it. It reads
-- the words of the days, and of the spans only their references.
--
-- Folding case by the rules of the database's locale takes three times as long, so it is
-- only done for words that have letters beyond ASCII.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_search(from_day date, words text, to_day date DEFAULT NULL)
RETURNS TABLE (day date, id uuid, found_in text, role text, content text, trace_id uuid, trace_hex text, span_id text, start_time timestamptz,
    service_name text, user_id text, session_id text)
LANGUAGE plpgsql STABLE ROWS 100 SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
    ascii boolean := words ~ '^[[:ascii:]]*$';
    folded text := lower(CASE WHEN ascii THEN words COLLATE "C" ELSE words END);
    at date;
    ids uuid[];
BEGIN
    FOR at IN SELECT d.day FROM {{.schema}}.llm_internal_days() d WHERE d.day BETWEEN from_day AND coalesce(to_day, from_day) ORDER BY d.day LOOP
        SELECT array_agg(c.id) INTO ids
        FROM {{.schema}}.llm_contents c
        WHERE c.day = at AND CASE
            WHEN NOT ascii THEN strpos(lower({{.schema}}.llm_internal_said(c.body)), folded) > 0
            -- Most bodies are messages of one text, and of the others most do not have the words anywhere.
            WHEN c.body #>> '{parts,0,type}' = 'text' AND c.body #> '{parts,1}' IS NULL
                THEN strpos(lower((c.body #>> '{parts,0,content}') COLLATE "C"), folded) > 0
            ELSE strpos(lower({{.schema}}.llm_internal_said(c.body) COLLATE "C"), folded) > 0 END;
        CONTINUE WHEN ids IS NULL;
        RETURN QUERY
        WITH found AS MATERIALIZED (
            SELECT DISTINCT ON (u.id, s.trace_id) u.id, u.found_in, s.trace_id, s.span_id, s.start_time, s.service_name, s.user_id, s.session_id
            FROM {{.schema}}.llm_spans s
            CROSS JOIN LATERAL (
                SELECT m.id, 'message' AS found_in FROM (SELECT unnest(s.input_message_ids) UNION ALL SELECT unnest(s.output_message_ids)) m (id)
                UNION ALL
                SELECT * FROM (VALUES (s.system_instructions_id, 'system_instructions'), (s.tool_arguments_id, 'tool_arguments'),
                    (s.tool_result_id, 'tool_result'), (s.retrieval_query_id, 'retrieval_query')) o (id, found_in)
                UNION ALL
                SELECT m.id, 'document' FROM unnest(s.document_ids) m (id)) u
            WHERE s.start_time >= at::timestamp AT TIME ZONE 'UTC' AND s.start_time < (at + 1)::timestamp AT TIME ZONE 'UTC'
                AND u.id IN (SELECT unnest(ids))
            ORDER BY u.id, s.trace_id, s.start_time, s.span_id
        )
        SELECT at, w.id, w.found_in, w.role, w.content, w.trace_id, t.trace_id, w.span_id, w.start_time, w.service_name,
            coalesce(w.user_id, t.user_id), coalesce(w.session_id, t.session_id)
        FROM (
            SELECT DISTINCT ON (f.trace_id, s.content) f.*, s.content,
                coalesce(c.body ->> 'role', CASE f.found_in WHEN 'system_instructions' THEN 'system' WHEN 'tool_result' THEN 'tool' END) AS role
            FROM found f
            JOIN {{.schema}}.llm_contents c ON c.day = at AND c.id = f.id
            CROSS JOIN LATERAL (SELECT {{.schema}}.llm_internal_said(c.body) AS content OFFSET 0) s
            ORDER BY f.trace_id, s.content, f.found_in = 'message' DESC, f.start_time, f.span_id) w
        LEFT JOIN {{.schema}}.llm_traces t ON t.id = w.trace_id
        ORDER BY w.start_time, w.span_id, w.id;
    END LOOP;
END
$$;
