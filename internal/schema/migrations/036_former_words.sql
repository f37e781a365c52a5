-- Contents that a stored span referred to before further log records came, such as the first
-- parts of an answer whose others came later. Nothing shows them; they go with the span.
CREATE TABLE {{.schema}}.llm_internal_former_words (
    trace_id   uuid NOT NULL,
    start_time timestamptz NOT NULL,
    span_id    text COLLATE "C" NOT NULL,
    id         uuid NOT NULL,
    PRIMARY KEY (trace_id, span_id, start_time, id)
);
