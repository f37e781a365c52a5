-- Words of spans that log records bring.

-- A row a record with words of a span that something else tells. The span may have
-- arrived or not; words_of is the span that has them.
CREATE TABLE {{.schema}}.llm_internal_words (
    day                    date NOT NULL,
    id                     uuid NOT NULL, -- of the record
    at                     bigint NOT NULL, -- when it was written, ns
    trace_id               uuid NOT NULL, -- as OTel has it
    system_instructions_id uuid,
    tool_definitions_id    uuid,
    tool_arguments_id      uuid,
    tool_result_id         uuid,
    ordinal                integer NOT NULL,
    answer                 integer NOT NULL,
    form                   smallint NOT NULL, -- bits: names the call, exactly that span, of a tool, one message, a part of one
    span_id                text COLLATE "C" NOT NULL, -- that the record names; '' for none
    words_of               text COLLATE "C",
    scope_name             text,
    call_id                text COLLATE "C", -- of response or request
    models                 text[],
    input_message_ids      uuid[],
    output_message_ids     uuid[],
    finish_reasons         text[],
    PRIMARY KEY (day, id)
);
CREATE INDEX llm_internal_words_named ON {{.schema}}.llm_internal_words (trace_id, span_id, at);
CREATE INDEX llm_internal_words_id ON {{.schema}}.llm_internal_words (trace_id, call_id) WHERE call_id IS NOT NULL;
CREATE INDEX llm_internal_words_of ON {{.schema}}.llm_internal_words (trace_id, words_of) WHERE words_of IS NOT NULL;

ALTER TABLE {{.schema}}.llm_spans ADD COLUMN event_words smallint;
COMMENT ON COLUMN {{.schema}}.llm_spans.event_words IS 'Which of its words the span has from log records, as bits: 1 input, 2 output, 4 system instructions, 8 tool definitions, 16 tool arguments, 32 tool result, 64 finish reasons. Null for none.';
