-- The table that raw COPY fills: one row a span as in llm_spans, the same indexes and partitions, and the words
-- themselves where llm_spans refers to them. $DAY stands for the day of the workload.
CREATE TABLE spans_template (LIKE llm_spans INCLUDING ALL EXCLUDING INDEXES);
ALTER TABLE spans_template
    DROP COLUMN input_message_ids, DROP COLUMN output_message_ids, DROP COLUMN document_ids,
    DROP COLUMN system_instructions_id, DROP COLUMN tool_definitions_id,
    DROP COLUMN tool_arguments_id, DROP COLUMN tool_result_id, DROP COLUMN retrieval_query_id,
    ADD COLUMN input_messages jsonb COMPRESSION lz4, ADD COLUMN output_messages jsonb COMPRESSION lz4,
    ADD COLUMN documents jsonb COMPRESSION lz4, ADD COLUMN system_instructions jsonb COMPRESSION lz4,
    ADD COLUMN tool_definitions jsonb COMPRESSION lz4, ADD COLUMN tool_arguments jsonb COMPRESSION lz4,
    ADD COLUMN tool_result jsonb COMPRESSION lz4, ADD COLUMN retrieval_query jsonb COMPRESSION lz4;

-- LIKE leaves the dropped columns behind, which would make every row of the parent differ from its partition's.
CREATE TABLE inline_spans (LIKE spans_template INCLUDING ALL) PARTITION BY RANGE (start_time);
DROP TABLE spans_template;

DO $$
DECLARE
    definition text;
BEGIN
    FOR definition IN SELECT 'ALTER TABLE inline_spans ADD ' || pg_get_constraintdef(oid)
            FROM pg_constraint WHERE conrelid = 'llm_spans'::regclass AND contype = 'p'
        UNION ALL SELECT replace(replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON '), 'llm_spans', 'inline_spans')
            FROM pg_index WHERE indrelid = 'llm_spans'::regclass AND NOT indisprimary
    LOOP
        EXECUTE definition;
    END LOOP;
END
$$;

CREATE TABLE inline_spans_day (LIKE inline_spans INCLUDING ALL);
ALTER TABLE inline_spans ATTACH PARTITION inline_spans_day
    FOR VALUES FROM ('$DAY 00:00:00+00') TO ('$DAY 24:00:00+00');
