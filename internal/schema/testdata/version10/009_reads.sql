-- Reads that many make: a trace with all of its words, the dearest traces, words of a day.

-- When the first spans of a trace were stored. No update changes it, so unlike
-- start_time it can have an index and updates stay heap-only; rows lie nearly in its
-- order. New databases have it since 001, in front of the columns of varying length,
-- where it is read sooner; in others it comes last and, of older rows, says now.
ALTER TABLE {{.schema}}.llm_traces ADD COLUMN IF NOT EXISTS created_at timestamptz NOT NULL DEFAULT now();
CREATE INDEX llm_traces_created ON {{.schema}}.llm_traces USING brin (created_at) WITH (pages_per_range = 64, autosummarize = on);

-- Served the dearest traces only, whose sums are in llm_traces.
DROP INDEX {{.schema}}.llm_spans_cost;

-- Everything that the spans of a trace say, each content once: an object of bodies by
-- id. Null when there is none left, or more than 64 MB of it.
CREATE FUNCTION {{.schema}}.llm_trace_words(hex text) RETURNS jsonb
LANGUAGE plpgsql STABLE STRICT AS $$
BEGIN
    RETURN (
        WITH used AS (
            SELECT (s.start_time AT TIME ZONE 'UTC')::date AS day, u.id
            FROM {{.schema}}.llm_trace_spans(hex) s
            CROSS JOIN LATERAL unnest(s.input_message_ids || s.output_message_ids || s.document_ids || ARRAY[s.system_instructions_id,
                s.tool_definitions_id, s.tool_arguments_id, s.tool_result_id, s.retrieval_query_id]) AS u (id)
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
CREATE FUNCTION {{.schema}}.llm_word(words jsonb, day date, id uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN CASE WHEN words IS NULL THEN {{.schema}}.llm_content(day, id) ELSE words -> id::text END;
END
$$;

-- As llm_content_list and llm_output_list, from words if given.
CREATE FUNCTION {{.schema}}.llm_word_list(words jsonb, day date, ids uuid[], finish_reasons text[] DEFAULT NULL) RETURNS jsonb
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
WITH words AS (SELECT {{.schema}}.llm_trace_words(hex) AS by_id)
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
    {{.schema}}.llm_word_list((SELECT by_id FROM words), d.day, s.input_message_ids) AS input_messages,
    {{.schema}}.llm_word_list((SELECT by_id FROM words), d.day, s.output_message_ids, s.finish_reasons) AS output_messages,
    {{.schema}}.llm_word((SELECT by_id FROM words), d.day, s.system_instructions_id) AS system_instructions,
    {{.schema}}.llm_word((SELECT by_id FROM words), d.day, s.tool_definitions_id) AS tool_definitions,
    {{.schema}}.llm_word((SELECT by_id FROM words), d.day, s.tool_arguments_id) AS tool_arguments,
    {{.schema}}.llm_word((SELECT by_id FROM words), d.day, s.tool_result_id) AS tool_result,
    {{.schema}}.llm_word((SELECT by_id FROM words), d.day, s.retrieval_query_id) #>> '{}' AS retrieval_query,
    {{.schema}}.llm_word_list((SELECT by_id FROM words), d.day, s.document_ids) AS documents,
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

-- Messages of a UTC day with these words in their text, in this very order and
-- whatever the case of letters. Folding case by the rules of the database's locale takes
-- three times as long, so it is only done for words that have letters beyond ASCII.
CREATE FUNCTION {{.schema}}.llm_search(day date, words text) RETURNS TABLE (id uuid, role text, content text)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT c.id, c.body ->> 'role', {{.schema}}.llm_message_text(c.body)
FROM {{.schema}}.llm_contents c
WHERE c.day = llm_search.day AND c.body ? 'role'
    AND CASE WHEN c.body #> '{parts,1}' IS NULL AND words ~ '^[[:ascii:]]*$'
             THEN strpos(lower((c.body #>> '{parts,0,content}') COLLATE "C"), lower(words COLLATE "C")) > 0
                 AND c.body #>> '{parts,0,type}' = 'text'
             ELSE strpos(lower({{.schema}}.llm_message_text(c.body)), lower(words)) > 0 END
$$;
COMMENT ON FUNCTION {{.schema}}.llm_search(date, text) IS
'Messages of a UTC day whose text has these words, whatever the case of letters.';

