-- Words by id. Words are fetched by functions, so that a reader without rights on
-- llm_contents can still select every fact from the views, and so that each look-up
-- touches one day's partition only.

-- A content's body; null when retention has dropped it.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_content(day date, id uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT AS $$
BEGIN
    RETURN (SELECT c.body FROM {{.schema}}.llm_contents c WHERE c.day = llm_content.day AND c.id = llm_content.id);
END
$$;

-- The bodies of several contents as a JSON array, in the order of ids; null
-- when none of them is left.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_content_list(day date, ids uuid[]) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT AS $$
BEGIN
    RETURN (SELECT CASE WHEN count(c.id) > 0 OR cardinality(ids) = 0 THEN coalesce(jsonb_agg(c.body ORDER BY i.n), '[]') END
            FROM unnest(ids) WITH ORDINALITY AS i (id, n)
            LEFT JOIN {{.schema}}.llm_contents c ON c.day = llm_content_list.day AND c.id = i.id);
END
$$;

-- Output messages with the finish reason of each, which is the call's and not
-- the message's.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_output_list(day date, ids uuid[], finish_reasons text[]) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    IF ids IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT CASE WHEN count(c.id) > 0 OR cardinality(ids) = 0 THEN coalesce(jsonb_agg(
                CASE WHEN finish_reasons[i.n] IS NULL OR jsonb_typeof(c.body) <> 'object' THEN c.body
                     ELSE c.body || jsonb_build_object('finish_reason', finish_reasons[i.n]) END ORDER BY i.n), '[]') END
            FROM unnest(ids) WITH ORDINALITY AS i (id, n)
            LEFT JOIN {{.schema}}.llm_contents c ON c.day = llm_output_list.day AND c.id = i.id);
END
$$;

-- Bodies of a day's contents.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_contents_of(day date, ids uuid[]) RETURNS TABLE (id uuid, body jsonb)
LANGUAGE plpgsql STABLE ROWS 100 SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT c.id, c.body FROM {{.schema}}.llm_contents c WHERE c.day = llm_contents_of.day AND c.id = ANY (ids);
END
$$;

-- The id of the content that a value of attributes stands for: {"$content":"<id>"}, as
-- the writer makes it. Null for any other value. Never fails, whatever the value holds.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_content_id(value jsonb) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN value = jsonb_build_object('$content', value -> '$content')
            AND value ->> '$content' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
        THEN (value ->> '$content')::uuid END
$$;

-- What stands for a value that a template is filled to, {"$content":["<template>","<content>",…]}, as
-- the writer makes it: the ids. Null for any other value. Never fails, whatever the value holds.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_template(value jsonb) RETURNS uuid[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN w.ids ~ '^[{][0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(,[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})*[}]$' THEN w.ids::uuid[] END
    FROM (SELECT CASE WHEN jsonb_typeof(value -> '$content') = 'array' AND value = jsonb_build_object('$content', value -> '$content')
        THEN translate((value -> '$content')::text, '[]" ', '{}') END AS ids OFFSET 0) w
$$;

-- The contents that the attributes of a span or of an event refer to. Under "$scope"
-- stand attributes as the sender called them, never a reference.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_attribute_contents(attributes jsonb) RETURNS TABLE (key text, id uuid)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT a.key, c.id
    FROM jsonb_each(CASE WHEN jsonb_typeof(attributes) = 'object' AND attributes @? '$.*."$content"' THEN attributes END) a
    CROSS JOIN LATERAL (
        SELECT {{.schema}}.llm_content_id(a.value) AS id
        UNION ALL
        SELECT unnest({{.schema}}.llm_internal_template(a.value)) WHERE jsonb_typeof(a.value -> '$content') = 'array') c
    WHERE a.value ? '$content' AND a.key <> '$scope' AND c.id IS NOT NULL
$$;

-- A value of a template with texts in the place of {"$hole":<number>}, as the writer makes it.
-- Values that nest deeper than the writer's do are left as they are.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_fill(value jsonb, texts text[], levels integer) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    IF levels = 0 THEN
        RETURN value;
    ELSIF jsonb_typeof(value) = 'array' THEN
        RETURN (SELECT coalesce(jsonb_agg({{.schema}}.llm_internal_fill(e.value, texts, levels - 1) ORDER BY e.ordinality), '[]')
            FROM jsonb_array_elements(value) WITH ORDINALITY e);
    ELSIF jsonb_typeof(value) <> 'object' THEN
        RETURN value;
    ELSIF value = jsonb_build_object('$hole', value -> '$hole') AND value ->> '$hole' ~ '^[0-9]{1,9}$' THEN
        RETURN to_jsonb(texts[(value ->> '$hole')::integer + 1]);
    END IF;
    RETURN (SELECT coalesce(jsonb_object_agg(e.key, {{.schema}}.llm_internal_fill(e.value, texts, levels - 1)), '{}') FROM jsonb_each(value) e);
END
$$;

-- A template, the first of the ids, with the texts of contents, the others, in its holes: the
-- value as it was sent. Null where one of them is gone. Never fails, whatever the contents hold.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_filled(day date, ids uuid[]) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT AS $$
DECLARE
    template jsonb := {{.schema}}.llm_content(day, ids[1]);
    texts text[] := '{}';
    hole jsonb;
    last integer;
    body jsonb;
BEGIN
    FOR hole IN SELECT h.value FROM jsonb_array_elements(CASE WHEN jsonb_typeof(template -> 'holes') = 'array' THEN template -> 'holes' END)
        WITH ORDINALITY h ORDER BY h.ordinality
    LOOP
        IF jsonb_typeof(hole) IS DISTINCT FROM 'array' OR hole ->> 0 !~ '^[0-9]{1,8}$' THEN
            RETURN NULL;
        END IF;
        IF last IS DISTINCT FROM (hole ->> 0)::integer THEN
            last := (hole ->> 0)::integer;
            body := {{.schema}}.llm_content(day, ids[last + 2]);
        END IF;
        texts := texts || (body #>> ARRAY(SELECT p.value FROM jsonb_array_elements_text(hole) WITH ORDINALITY p WHERE p.ordinality > 1 ORDER BY p.ordinality));
        IF texts[cardinality(texts)] IS NULL THEN
            RETURN NULL;
        END IF;
    END LOOP;
    IF template ->> 'form' = 'json' THEN
        RETURN {{.schema}}.llm_internal_fill(template -> 'value', texts, 300);
    END IF;
    RETURN (SELECT to_jsonb(string_agg(p.value || coalesce(to_json(texts[p.ordinality])::text, ''), '' ORDER BY p.ordinality))
        FROM jsonb_array_elements_text(CASE WHEN jsonb_typeof(template -> 'pieces') = 'array' THEN template -> 'pieces' END) WITH ORDINALITY p);
END
$$;

-- Attributes with the values that were kept as contents back in place; long attributes
-- of the scope under "$scope", as short ones are.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_whole_attributes(day date, attributes jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT AS $$
DECLARE
    keys text[];
    kept jsonb;
BEGIN
    IF NOT attributes @? '$.*."$content"' THEN
        RETURN attributes;
    END IF;
    SELECT array_agg(a.key), jsonb_object_agg(CASE a.key WHEN '$long_scope' THEN '$scope' ELSE a.key END,
        CASE WHEN a.id IS NOT NULL THEN {{.schema}}.llm_content(day, a.id) ELSE {{.schema}}.llm_internal_filled(day, a.template) END)
    INTO keys, kept
    FROM (SELECT e.key, {{.schema}}.llm_content_id(e.value) AS id,
              CASE WHEN jsonb_typeof(e.value -> '$content') = 'array' THEN {{.schema}}.llm_internal_template(e.value) END AS template
          FROM jsonb_each(CASE WHEN jsonb_typeof(attributes) = 'object' THEN attributes END) e
          WHERE e.value ? '$content' AND e.key <> '$scope') a
    WHERE a.id IS NOT NULL OR a.template IS NOT NULL;
    RETURN CASE WHEN keys IS NULL THEN attributes ELSE attributes - keys || kept END;
END
$$;

-- The same for the attributes of events.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_whole_events(day date, events jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE STRICT AS $$
BEGIN
    IF jsonb_typeof(events) <> 'array' OR NOT events @? '$[*].attributes.*."$content"' THEN
        RETURN events;
    END IF;
    RETURN (SELECT jsonb_agg(CASE
                WHEN jsonb_typeof(e.value) = 'object' AND jsonb_typeof(e.value -> 'attributes') = 'object'
                THEN jsonb_set(e.value, '{attributes}', {{.schema}}.llm_whole_attributes(day, e.value -> 'attributes'))
                ELSE e.value END ORDER BY e.ordinality)
            FROM jsonb_array_elements(events) WITH ORDINALITY e);
END
$$;

-- The text parts of a message, a line break between two.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_message_text(body jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
    SELECT string_agg(p.value ->> 'content', E'\n' ORDER BY p.ordinality)
    FROM jsonb_array_elements(CASE WHEN jsonb_typeof(body -> 'parts') = 'array' THEN body -> 'parts' ELSE '[]' END) WITH ORDINALITY p
    WHERE p.value ->> 'type' = 'text'
$$;

-- A content as text: of messages and instructions their texts and the calls and results of
-- tools, a line each, without thoughts; of a document its text; of anything else its JSON.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_said(body jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
SELECT CASE WHEN jsonb_typeof(body) = 'string' THEN body #>> '{}' ELSE coalesce(
    (SELECT string_agg(CASE p.value ->> 'type'
            WHEN 'text' THEN p.value ->> 'content'
            WHEN 'tool_call' THEN concat(p.value ->> 'name', '(', p.value ->> 'arguments', ')')
            WHEN 'tool_call_response' THEN coalesce(p.value ->> 'response', p.value ->> 'result') END, E'\n' ORDER BY p.ordinality)
     FROM jsonb_array_elements(CASE 'array' WHEN jsonb_typeof(body -> 'parts') THEN body -> 'parts' WHEN jsonb_typeof(body) THEN body ELSE '[]' END) WITH ORDINALITY p),
    CASE WHEN body ? 'role' THEN NULL WHEN jsonb_typeof(body -> 'content') = 'string' THEN body ->> 'content' ELSE body::text END) END
$$;

-- Whether an answer says something: a text, or the call of a tool. Null without messages,
-- of which nobody knows.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_answered(messages jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
SELECT jsonb_path_exists(messages, E'$[*] ? (@.role != "user" && @.role != "system").parts[*] ? (@.type == "text" && @.content like_regex "[^ \\t\\r\\n]" || @.type != "text" && @.type != "reasoning")')
$$;

-- The text of the last message of a role in a list, of those that have text.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_last_text(messages jsonb, of_role text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
DECLARE
    found text;
BEGIN
    IF jsonb_typeof(messages) <> 'array' THEN
        RETURN NULL;
    END IF;
    FOR i IN REVERSE jsonb_array_length(messages) - 1 .. 0 LOOP
        IF messages -> i ->> 'role' = of_role THEN
            found := {{.schema}}.llm_message_text(messages -> i);
            EXIT WHEN found IS NOT NULL;
        END IF;
    END LOOP;
    RETURN found;
END
$$;

-- What was asked: the text of the last user message of a list that has text.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_asked(messages jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$ SELECT {{.schema}}.llm_internal_last_text(messages, 'user') $$;
