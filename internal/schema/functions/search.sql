-- Messages of a UTC day with these words in their text, in this very order and
-- whatever the case of letters. Folding case by the rules of the database's locale takes
-- three times as long, so it is only done for words that have letters beyond ASCII.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_search(day date, words text) RETURNS TABLE (id uuid, role text, content text)
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
