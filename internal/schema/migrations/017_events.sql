-- Log records, and scores of answers.

-- A row a record that was kept.
CREATE TABLE {{.schema}}.llm_events (
    id              uuid NOT NULL,
    day             date NOT NULL,
    severity_number integer,
    time            timestamptz NOT NULL,
    observed_time   timestamptz,
    flags           bigint,
    dropped_attributes_count bigint,
    trace_id        uuid,
    belongs_to      uuid,
    resource_id     uuid,
    body_id         uuid,
    span_id         text COLLATE "C",
    name            text,
    event_name      text,
    severity        text,
    service_name    text,
    scope_name      text,
    scope_version   text,
    session_id      text COLLATE "C",
    user_id         text COLLATE "C",
    adjustments     text[],
    attributes      jsonb,
    PRIMARY KEY (day, id)
) PARTITION BY RANGE (day);
CREATE INDEX llm_events_trace ON {{.schema}}.llm_events (belongs_to) WHERE belongs_to IS NOT NULL;
CREATE INDEX llm_events_session ON {{.schema}}.llm_events (session_id, time) WHERE session_id IS NOT NULL;
CREATE INDEX llm_events_user ON {{.schema}}.llm_events (user_id, time) WHERE user_id IS NOT NULL;
CREATE TABLE {{.schema}}.llm_events_default PARTITION OF {{.schema}}.llm_events DEFAULT;

COMMENT ON TABLE {{.schema}}.llm_events IS 'Log records of GenAI programs and instrumentations, a row each; llm_event_details has them with their words. What records tell of calls is in llm_spans too, with source event.';
COMMENT ON COLUMN {{.schema}}.llm_events.id IS 'The first 128 bits of SHA-256 over the record: a record that is sent again has the same.';
COMMENT ON COLUMN {{.schema}}.llm_events.day IS 'UTC day of time; with id the key, and the day of the contents that the row refers to.';
COMMENT ON COLUMN {{.schema}}.llm_events.time IS 'When it happened: the time of the record, else when it was observed, else what its attribute event.timestamp says.';
COMMENT ON COLUMN {{.schema}}.llm_events.observed_time IS 'When the record was observed; null where the record does not say.';
COMMENT ON COLUMN {{.schema}}.llm_events.name IS 'Name of the event: its attribute event.name, else the field event_name, else its body; null for a record without a name.';
COMMENT ON COLUMN {{.schema}}.llm_events.event_name IS 'The field of OTLP; null where it is empty.';
COMMENT ON COLUMN {{.schema}}.llm_events.severity IS 'Text of the severity; null for none.';
COMMENT ON COLUMN {{.schema}}.llm_events.severity_number IS 'OTel number of the severity, 1 to 24; null for none.';
COMMENT ON COLUMN {{.schema}}.llm_events.trace_id IS 'The trace that the record names, as llm_traces.id is made of it; null where it names none.';
COMMENT ON COLUMN {{.schema}}.llm_events.span_id IS 'The span that the record names, 16 hex digits; null where it names none.';
COMMENT ON COLUMN {{.schema}}.llm_events.belongs_to IS 'The trace with the calls of the same turn: trace_id, else one that is derived from service, session and turn; null where nothing is told that belongs to a trace.';
COMMENT ON COLUMN {{.schema}}.llm_events.service_name IS 'Attribute service.name of the resource; null for none.';
COMMENT ON COLUMN {{.schema}}.llm_events.scope_name IS 'Name of the instrumentation scope; null for none.';
COMMENT ON COLUMN {{.schema}}.llm_events.scope_version IS 'Version of the instrumentation scope; null for none.';
COMMENT ON COLUMN {{.schema}}.llm_events.session_id IS 'The session that the record tells; null for none.';
COMMENT ON COLUMN {{.schema}}.llm_events.user_id IS 'The user that the record tells; null for none.';
COMMENT ON COLUMN {{.schema}}.llm_events.body_id IS 'The body, in llm_contents of the day; null for an empty one, and without words.';
COMMENT ON COLUMN {{.schema}}.llm_events.attributes IS 'All attributes; words and long values as references to llm_contents. Null for none.';
COMMENT ON COLUMN {{.schema}}.llm_events.resource_id IS 'llm_resources.id.';
COMMENT ON COLUMN {{.schema}}.llm_events.flags IS 'Flags of OTLP; null for 0.';
COMMENT ON COLUMN {{.schema}}.llm_events.dropped_attributes_count IS 'Attributes that the sender dropped; null for 0.';
COMMENT ON COLUMN {{.schema}}.llm_events.adjustments IS 'What was repaired or left out, sorted, as in llm_spans; null for the untouched.';

-- A row an evaluation's result.
CREATE TABLE {{.schema}}.llm_scores (
    id             uuid NOT NULL,
    day            date NOT NULL,
    time           timestamptz NOT NULL,
    value          double precision,
    trace_id       uuid,
    belongs_to     uuid,
    explanation_id uuid,
    span_id        text COLLATE "C",
    response_id    text COLLATE "C",
    session_id     text COLLATE "C",
    name           text,
    label          text,
    error_type     text,
    attributes     jsonb,
    PRIMARY KEY (day, id)
) PARTITION BY RANGE (day);
CREATE INDEX llm_scores_trace ON {{.schema}}.llm_scores (belongs_to, span_id) WHERE belongs_to IS NOT NULL;
CREATE INDEX llm_scores_response ON {{.schema}}.llm_scores (response_id) WHERE response_id IS NOT NULL;
CREATE TABLE {{.schema}}.llm_scores_default PARTITION OF {{.schema}}.llm_scores DEFAULT;

COMMENT ON TABLE {{.schema}}.llm_scores IS 'Results of evaluations (gen_ai.evaluation.result), a row each, whether a log record or a span event tells them; llm_call_scores joins them to calls.';
COMMENT ON COLUMN {{.schema}}.llm_scores.id IS 'Hash of what told the score: told again, it is the same row.';
COMMENT ON COLUMN {{.schema}}.llm_scores.day IS 'UTC day of the contents that the row refers to; with id the key.';
COMMENT ON COLUMN {{.schema}}.llm_scores.time IS 'When it was told.';
COMMENT ON COLUMN {{.schema}}.llm_scores.trace_id IS 'The trace that the event names, as llm_traces.id is made of it; null where it names none.';
COMMENT ON COLUMN {{.schema}}.llm_scores.belongs_to IS 'As llm_events.belongs_to.';
COMMENT ON COLUMN {{.schema}}.llm_scores.span_id IS 'The span that the event names, 16 hex digits; null where it names none.';
COMMENT ON COLUMN {{.schema}}.llm_scores.response_id IS 'The provider''s id of the answer that was evaluated; null where it is not told.';
COMMENT ON COLUMN {{.schema}}.llm_scores.session_id IS 'The session that the event or its span tells; null for none.';
COMMENT ON COLUMN {{.schema}}.llm_scores.name IS 'Name of the evaluation, such as relevance.';
COMMENT ON COLUMN {{.schema}}.llm_scores.value IS 'The score as a number; null where there is none, as after a failure.';
COMMENT ON COLUMN {{.schema}}.llm_scores.label IS 'The score as a word, such as pass; null for none.';
COMMENT ON COLUMN {{.schema}}.llm_scores.explanation_id IS 'What the evaluator said of it, in llm_contents of the day; null for none, and without words.';
COMMENT ON COLUMN {{.schema}}.llm_scores.error_type IS 'Why the evaluation failed; null where it did not.';
COMMENT ON COLUMN {{.schema}}.llm_scores.attributes IS 'Attributes of the event that no other column holds; null for none.';
