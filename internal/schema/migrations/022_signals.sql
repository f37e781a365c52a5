-- Calls that spans and events observe. Only the exporter reads these tables.

-- Calls by what others that may be the same have in common with them: the span that an
-- event names, an id, or the session. Rows go with the days of their spans.
CREATE TABLE {{.schema}}.llm_internal_call_candidates (
    key        bigint NOT NULL,
    end_time   timestamptz NOT NULL,
    origin     uuid NOT NULL,
    start_time timestamptz NOT NULL,
    by_time    boolean NOT NULL,
    has_id     boolean NOT NULL,
    span_id    text COLLATE "C" NOT NULL,
    PRIMARY KEY (key, end_time, origin, span_id, start_time)
);
CREATE INDEX llm_internal_call_candidates_time ON {{.schema}}.llm_internal_call_candidates USING brin (end_time) WITH (pages_per_range = 32, autosummarize = on);

-- Events that are kept in another trace than the one they came with, or, settled, in the
-- trace of a span of their call.
CREATE TABLE {{.schema}}.llm_internal_event_places (
    origin     uuid NOT NULL,
    trace_id   uuid NOT NULL,
    start_time timestamptz NOT NULL,
    settled    boolean NOT NULL,
    span_id    text COLLATE "C" NOT NULL,
    PRIMARY KEY (origin, span_id)
);
CREATE INDEX llm_internal_event_places_time ON {{.schema}}.llm_internal_event_places USING brin (start_time) WITH (pages_per_range = 32, autosummarize = on);

-- What follows from a pair of which one is an event; null: the two are side by side.
ALTER TABLE {{.schema}}.llm_internal_pairs ADD COLUMN effects smallint;
