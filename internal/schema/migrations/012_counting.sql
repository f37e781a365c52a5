-- What counting each call once keeps between batches. Only the exporter reads these
-- tables; rows go with their trace.

-- Null says that no span of the trace has a cost.
ALTER TABLE {{.schema}}.llm_traces ALTER COLUMN total_cost DROP NOT NULL, ALTER COLUMN total_cost DROP DEFAULT;

-- A span that others name as their parent and that has not arrived, with marks of what
-- lies below it.
CREATE TABLE {{.schema}}.llm_internal_awaited_spans (
    trace_id uuid NOT NULL,
    below    smallint NOT NULL,
    span_id  text COLLATE "C" NOT NULL,
    PRIMARY KEY (trace_id, span_id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 1);

-- Two calls side by side that are one: the inner counts as if it lay below the outer.
-- awaits is an ancestor of the outer that might link it below the inner once it arrives.
CREATE TABLE {{.schema}}.llm_internal_pairs (
    trace_id      uuid NOT NULL,
    inner_span_id text COLLATE "C" NOT NULL,
    outer_span_id text COLLATE "C" NOT NULL,
    awaits        text COLLATE "C",
    PRIMARY KEY (trace_id, inner_span_id, outer_span_id)
);
CREATE INDEX llm_internal_pairs_awaits ON {{.schema}}.llm_internal_pairs (trace_id, awaits) WHERE awaits IS NOT NULL;

-- Calls of traces in which calls can be side by side, with the keys under which others
-- look for them.
CREATE TABLE {{.schema}}.llm_internal_call_keys (
    trace_id   uuid NOT NULL,
    start_time timestamptz NOT NULL,
    end_time   timestamptz NOT NULL,
    span_id    text COLLATE "C" NOT NULL,
    keys       bigint[] NOT NULL,
    PRIMARY KEY (trace_id, start_time, span_id)
);

-- Tool spans of traces in which such spans lie below one another, by hashes of name and
-- call id (0: none).
CREATE TABLE {{.schema}}.llm_internal_nested_tools (
    trace_id uuid NOT NULL,
    name     bigint NOT NULL,
    call     bigint NOT NULL,
    span_id  text COLLATE "C" NOT NULL,
    counted  boolean NOT NULL,
    covered  boolean NOT NULL,
    PRIMARY KEY (trace_id, name, call, span_id)
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 1);
