-- Which contents nothing refers to any more once spans, log records and scores are erased.

-- Which of some contents no span refers to, spans to erase apart; with since only spans
-- stored from then on are looked at. The scan of a day's spans is what takes long in an
-- erasure, so contents that its first spans share are left out of it, and few rows are made
-- of the ids of a span: ANY looks an id up in a hash table, as wanted is a constant of a
-- custom plan.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_unneeded(days date[], ids uuid[], erased_traces uuid[], erased_spans text[], erased_times timestamptz[], since timestamptz)
RETURNS TABLE (day date, id uuid)
LANGUAGE plpgsql SET "TimeZone" = 'UTC' SET plan_cache_mode = force_custom_plan SET jit = off
    SET enable_seqscan = on SET enable_mergejoin = off SET enable_nestloop = off AS $$
#variable_conflict use_column
DECLARE
    of_day record;
    wanted uuid[];
    sample bigint;
    begin_of timestamptz; -- a comparison of a time with a date costs more than all else of a row
    end_of timestamptz;
BEGIN
    FOR of_day IN SELECT w.day, array_agg(w.id) AS ids FROM unnest(days, ids) AS w (day, id) GROUP BY w.day LOOP
        begin_of := CASE WHEN of_day.day BETWEEN DATE '0001-01-01' AND DATE '9999-12-30' THEN of_day.day::timestamptz ELSE '-infinity' END;
        end_of := CASE WHEN isfinite(begin_of) THEN (of_day.day + 1)::timestamptz - interval '1 us' ELSE 'infinity' END;
        wanted := of_day.ids;
        FOREACH sample IN ARRAY CASE WHEN since IS NULL THEN ARRAY[1000, NULL]::bigint[] ELSE ARRAY[NULL]::bigint[] END LOOP
            wanted := ARRAY(
                SELECT w.id FROM unnest(wanted) AS w (id)
                EXCEPT
                SELECT r.id FROM (
                    SELECT s.trace_id, s.span_id, s.start_time, unnest({{.flat input_message_ids}} || {{.flat output_message_ids}} || {{.flat document_ids}}
                        || CASE WHEN s.system_instructions_id = ANY (wanted) OR s.tool_definitions_id = ANY (wanted) OR s.tool_arguments_id = ANY (wanted)
                            OR s.tool_result_id = ANY (wanted) OR s.retrieval_query_id = ANY (wanted)
                            THEN ARRAY[s.system_instructions_id, s.tool_definitions_id, s.tool_arguments_id, s.tool_result_id, s.retrieval_query_id] END
                        || CASE WHEN s.attributes @? '$.*."$content"' THEN ARRAY(SELECT a.id FROM {{.schema}}.llm_attribute_contents(s.attributes) a) END
                        || CASE WHEN s.events @? '$[*].attributes.*."$content"' THEN ARRAY(
                            SELECT a.id FROM jsonb_array_elements(CASE WHEN jsonb_typeof(s.events) = 'array' THEN s.events END) e
                            CROSS JOIN LATERAL {{.schema}}.llm_attribute_contents(e.value -> 'attributes') a) END) AS id
                    FROM (
                        SELECT * FROM {{.schema}}.llm_spans s
                        WHERE s.start_time BETWEEN begin_of AND end_of AND (since IS NULL OR s.stored_at >= since)
                        LIMIT sample) s) r
                WHERE r.id = ANY (wanted) AND NOT EXISTS (SELECT FROM unnest(erased_traces, erased_spans, erased_times) AS e (trace_id, span_id, start_time)
                    WHERE e.trace_id = r.trace_id AND e.span_id = r.span_id AND e.start_time = r.start_time));
            EXIT WHEN wanted = '{}';
        END LOOP;
        RETURN QUERY SELECT of_day.day, w.id FROM unnest(wanted) AS w (id)
            EXCEPT
            SELECT of_day.day, f.id FROM {{.schema}}.llm_internal_former_words f
            WHERE f.id = ANY (wanted) AND f.start_time BETWEEN begin_of AND end_of
                AND NOT EXISTS (SELECT FROM unnest(erased_traces, erased_spans, erased_times) AS e (trace_id, span_id, start_time)
                    WHERE e.trace_id = f.trace_id AND e.span_id = f.span_id AND e.start_time = f.start_time);
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_unneeded(date[], uuid[], uuid[], text[], timestamptz[], timestamptz) FROM PUBLIC;

-- Which of some contents no log record or score refers to, those to erase apart.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_unneeded_by_events(days date[], ids uuid[], erased uuid[]) RETURNS TABLE (day date, id uuid)
LANGUAGE plpgsql SET enable_seqscan = on AS $$
#variable_conflict use_column
DECLARE
    of_day record;
BEGIN
    FOR of_day IN SELECT w.day, array_agg(w.id) AS ids FROM unnest(days, ids) AS w (day, id) GROUP BY w.day LOOP
        RETURN QUERY
        SELECT of_day.day, w.id FROM unnest(of_day.ids) AS w (id)
        EXCEPT
        SELECT r.day, r.id FROM {{.schema}}.llm_internal_event_references r
        WHERE r.day = of_day.day AND r.id = ANY (of_day.ids) AND NOT EXISTS (SELECT FROM unnest(erased) AS e (id) WHERE e.id = r.event_id);
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_unneeded_by_events(date[], uuid[], uuid[]) FROM PUBLIC;

-- Brings the summaries up to date by which spans stored lately are found: those that
-- autovacuum has not come to count as found.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_summarize(days date[]) RETURNS void
LANGUAGE sql AS $$
SELECT pg_catalog.brin_summarize_new_values(i.indexrelid)
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_am m ON m.oid = c.relam AND m.amname = 'brin'
JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] AND a.attname = 'stored_at'
WHERE i.indrelid IN (SELECT pg_catalog.to_regclass(pg_catalog.format('%I.%I', {{.schema_literal}}, 'llm_spans_' || CASE WHEN u.day BETWEEN DATE '0001-01-01' AND DATE '9999-12-31' THEN pg_catalog.to_char(u.day, 'YYYYMMDD') ELSE '' END))
    FROM pg_catalog.unnest(days) AS u (day))
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_summarize(date[]) FROM PUBLIC;

-- What owners say of contents: which nobody else refers to, of which that is unsure, and
-- which of their owners are gone. Owners with more than most other spans on a day are unsure.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_judge_contents(days date[], ids uuid[], erased_traces uuid[], erased_spans text[], erased_times timestamptz[],
    event_days date[], event_ids uuid[], most bigint)
RETURNS TABLE (day date, id uuid, free boolean, unsure boolean, gone bigint[])
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
    owned date[] := {{.schema}}.llm_internal_owned(days);
    owned_days date[];
    owned_ids uuid[];
BEGIN
    RETURN QUERY SELECT u.day, u.id, false, true, '{}'::bigint[] FROM unnest(days, ids) AS u (day, id) WHERE u.day <> ALL (owned);
    IF owned = '{}' THEN
        RETURN;
    END IF;
    SELECT array_agg(u.day), array_agg(u.id) INTO owned_days, owned_ids FROM unnest(days, ids) AS u (day, id) WHERE u.day = ANY (owned);
    RETURN QUERY SELECT o.day, o.id, o.staying = '{}' AND NOT o.unsure, o.staying = '{}' AND o.unsure, o.gone
    FROM {{.schema}}.llm_internal_owners_left(owned_days, owned_ids, erased_traces, erased_spans, erased_times, event_days, event_ids, most) o;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_judge_contents(date[], uuid[], uuid[], text[], timestamptz[], date[], uuid[], bigint) FROM PUBLIC;

-- Which contents of what is erased nothing else refers to, and which owners are gone, once
-- no batch is in flight. The contents that free names were unneeded when it was looked before,
-- all others needed: where owners do not say enough, what was stored since is read.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_decide_contents(days date[], ids uuid[], free_days date[], free_ids uuid[],
    erased_traces uuid[], erased_spans text[], erased_times timestamptz[], event_days date[], event_ids uuid[], since timestamptz)
RETURNS TABLE (day date, id uuid, unneeded boolean, gone bigint[])
LANGUAGE plpgsql SET plan_cache_mode = force_custom_plan SET enable_mergejoin = off SET jit = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH judged AS MATERIALIZED (
        SELECT j.* FROM {{.schema}}.llm_internal_judge_contents(days, ids, erased_traces, erased_spans, erased_times, event_days, event_ids, 20000) j
    ), free AS (
        SELECT j.day, j.id FROM judged j JOIN unnest(free_days, free_ids) AS f (day, id) ON f.day = j.day AND f.id = j.id WHERE j.unsure
    ), unneeded_by_spans AS MATERIALIZED (
        SELECT u.day, u.id FROM {{.schema}}.llm_internal_unneeded((SELECT array_agg(f.day ORDER BY f.day, f.id) FROM free f), (SELECT array_agg(f.id ORDER BY f.day, f.id) FROM free f),
            erased_traces, erased_spans, erased_times, since) u
    ), unneeded AS MATERIALIZED (
        SELECT u.day, u.id FROM {{.schema}}.llm_internal_unneeded_by_events((SELECT array_agg(s.day ORDER BY s.day, s.id) FROM unneeded_by_spans s),
            (SELECT array_agg(s.id ORDER BY s.day, s.id) FROM unneeded_by_spans s), event_ids) u
    )
    SELECT j.day, j.id, j.free OR u.id IS NOT NULL, j.gone FROM judged j LEFT JOIN unneeded u ON u.day = j.day AND u.id = j.id;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_decide_contents(date[], uuid[], date[], uuid[], uuid[], text[], timestamptz[], date[], uuid[], timestamptz) FROM PUBLIC;

-- Removes contents, and returns how many went.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_remove_contents(days date[], ids uuid[]) RETURNS bigint
LANGUAGE plpgsql SET plan_cache_mode = force_custom_plan SET enable_seqscan = off SET jit = off AS $$
DECLARE
    one record;
    removed bigint;
    removed_of_all bigint := 0;
BEGIN
    FOR one IN SELECT w.day, array_agg(w.id) AS ids FROM unnest(days, ids) AS w (day, id) GROUP BY w.day LOOP
        DELETE FROM {{.schema}}.llm_contents c WHERE c.day = one.day AND c.id = ANY (one.ids);
        GET DIAGNOSTICS removed = ROW_COUNT;
        removed_of_all := removed_of_all + removed;
        DELETE FROM {{.schema}}.llm_internal_content_owners o WHERE o.day = one.day AND o.id = ANY (one.ids);
    END LOOP;
    RETURN removed_of_all;
END
$$;
REVOKE ALL ON FUNCTION {{.schema}}.llm_internal_remove_contents(date[], uuid[]) FROM PUBLIC;

-- Of the version before.
DROP FUNCTION IF EXISTS {{.schema}}.llm_words_of(uuid[]);
DROP FUNCTION IF EXISTS {{.schema}}.llm_unneeded(date[], uuid[], uuid[], xid);
DROP FUNCTION IF EXISTS {{.schema}}.llm_internal_unneeded(date[], uuid[], uuid[], text[], timestamptz);
DROP FUNCTION IF EXISTS {{.schema}}.llm_internal_uvarint(bigint);
DROP FUNCTION IF EXISTS {{.schema}}.llm_internal_judge_contents(date[], uuid[], uuid[], text[], timestamptz[]);
DROP FUNCTION IF EXISTS {{.schema}}.llm_internal_decide_contents(date[], uuid[], date[], uuid[], date[], uuid[], uuid[], text[], timestamptz[], timestamptz);
DROP FUNCTION IF EXISTS {{.schema}}.llm_internal_judge_contents(date[], uuid[], uuid[], text[], timestamptz[], date[], uuid[]);
DROP FUNCTION IF EXISTS {{.schema}}.llm_internal_decide_contents(date[], uuid[], date[], uuid[], date[], uuid[], uuid[], text[], timestamptz[], date[], uuid[], timestamptz);
