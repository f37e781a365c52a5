-- Facts: what happened, when, how much it cost. Words (everything people or
-- models said) are in llm_contents and nowhere else, so they can be dropped
-- sooner and granted apart. {{.schema}} is the quoted name of the schema.
--
-- Columns stand in the order that packs them without padding; the views show
-- them in reading order.

-- One row per trace. Its figures are sums over the spans stored so far and are
-- changed in the transaction that stores a span. No index covers a column that
-- changes, and pages keep free space, so that these updates are heap-only.
CREATE TABLE {{.schema}}.llm_traces (
    id              uuid PRIMARY KEY,
    start_time      timestamptz,
    end_time        timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(), -- see 009_reads
    duration_us     bigint,
    updated_at      timestamptz NOT NULL DEFAULT now(),
    input_tokens    bigint NOT NULL DEFAULT 0,
    output_tokens   bigint NOT NULL DEFAULT 0,
    total_tokens    bigint NOT NULL DEFAULT 0,
    span_count      integer NOT NULL DEFAULT 0,
    llm_call_count  integer NOT NULL DEFAULT 0,
    tool_call_count integer NOT NULL DEFAULT 0,
    error_count     integer NOT NULL DEFAULT 0,
    total_cost      numeric NOT NULL DEFAULT 0, -- USD
    trace_id        text COLLATE "C" NOT NULL UNIQUE, -- 32 hex digits
    root_span_id    text,                 -- null until the root arrives
    name            text NOT NULL DEFAULT '',
    service_name    text,
    environment     text,
    release         text,
    user_id         text,
    session_id      text,
    status          text NOT NULL DEFAULT 'unset',
    tags            text[] NOT NULL DEFAULT '{}',
    models          text[] NOT NULL DEFAULT '{}',
    -- Which spans name … session_id come from, so that they come out the same
    -- whatever the order of arrival. For the writer only, which says how to read
    -- it (internal/write/origins.go).
    origins         bytea NOT NULL DEFAULT '\x01000000'
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 1);

-- One row per span. Ids compare bytewise, which indexes like.
CREATE TABLE {{.schema}}.llm_spans (
    trace_id              uuid NOT NULL, -- llm_traces.id
    start_time            timestamptz NOT NULL,
    end_time              timestamptz NOT NULL,
    duration_us           bigint NOT NULL,
    ttft_ms               double precision,
    input_tokens          bigint,
    output_tokens         bigint,
    total_tokens          bigint,
    cache_read_tokens     bigint,
    cache_creation_tokens bigint,
    reasoning_tokens      bigint,
    flags                 bigint,
    embedding_dimensions  integer,
    dropped_attributes_count bigint,
    dropped_events_count  bigint,
    dropped_links_count   bigint,
    below                 smallint, -- what lies below this span, as far as it has arrived: bits 1 llm, 2 embedding, 4 reranker span; 8, 16, 32 the same reporting usage; 64 agent or chain reporting usage. For the writer only.
    streaming             boolean,
    counted               boolean,
    usage_counted         boolean,
    resource_id           uuid,
    system_instructions_id uuid,
    tool_definitions_id   uuid,
    tool_arguments_id     uuid,
    tool_result_id        uuid,
    retrieval_query_id    uuid,
    span_id               text COLLATE "C" NOT NULL, -- 16 hex digits
    parent_span_id        text,
    name                  text NOT NULL DEFAULT '',
    span_kind             text NOT NULL,
    kind                  text NOT NULL,
    operation             text,
    service_name          text,
    scope_name            text,
    scope_version         text,
    status                text NOT NULL,
    status_message        text,
    error_type            text,
    error_message         text,
    provider              text,
    request_model         text,
    response_model        text,
    response_id           text COLLATE "C",
    user_id               text COLLATE "C",
    session_id            text COLLATE "C",
    environment           text,
    release               text,
    prompt_name           text,
    prompt_version        text,
    agent_name            text,
    agent_id              text,
    tool_name             text,
    tool_call_id          text,
    trace_state           text,
    input_cost            numeric, -- USD
    output_cost           numeric,
    total_cost            numeric,
    finish_reasons        text[],
    tags                  text[],
    adjustments           text[],
    input_message_ids     uuid[],
    output_message_ids    uuid[],
    document_ids          uuid[],
    request_parameters    jsonb,
    aggregate_usage       jsonb,
    attributes            jsonb,
    events                jsonb,
    links                 jsonb,
    PRIMARY KEY (trace_id, span_id, start_time)
) PARTITION BY RANGE (start_time);

CREATE INDEX llm_spans_session ON {{.schema}}.llm_spans (session_id, start_time) WHERE session_id IS NOT NULL;
CREATE INDEX llm_spans_user ON {{.schema}}.llm_spans (user_id, start_time) WHERE user_id IS NOT NULL;
-- The two indexes that find the other telling of a call which lies beside, not
-- around it; the first also serves look-ups by the provider's response id.
CREATE INDEX llm_spans_response ON {{.schema}}.llm_spans (response_id, trace_id)
    WHERE response_id IS NOT NULL;
CREATE INDEX llm_spans_call_tokens ON {{.schema}}.llm_spans (trace_id, input_tokens, output_tokens)
    WHERE kind IN ('llm', 'embedding', 'reranker') AND input_tokens IS NOT NULL AND output_tokens IS NOT NULL;

-- Words: each distinct message, instruction, tool list, argument, result,
-- query, document or long attribute once per day.
CREATE TABLE {{.schema}}.llm_contents (
    id   uuid NOT NULL, -- the first 128 bits of SHA-256 over the canonical body
    day  date NOT NULL, -- UTC day of the span's start_time
    body jsonb NOT NULL,
    PRIMARY KEY (day, id)
) PARTITION BY RANGE (day);
-- Bodies are read whole and seldom: kept in the page as long as they fit.
ALTER TABLE {{.schema}}.llm_contents ALTER COLUMN body SET STORAGE MAIN;

-- How often rows of llm_contents were removed by DELETE or TRUNCATE. Writers that
-- see the same number as before know that what they stored is still there.
CREATE TABLE {{.schema}}.llm_contents_removals (
    removals bigint NOT NULL
);
INSERT INTO {{.schema}}.llm_contents_removals VALUES (0);

CREATE FUNCTION {{.schema}}.llm_count_removal() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE {{.schema}}.llm_contents_removals SET removals = removals + 1;
    RETURN NULL;
END
$$;

-- Triggers of a statement fire for the table it names, so each partition has one
-- as well.
CREATE TRIGGER llm_count_removal AFTER DELETE OR TRUNCATE ON {{.schema}}.llm_contents
    FOR EACH STATEMENT EXECUTE FUNCTION {{.schema}}.llm_count_removal();

CREATE TABLE {{.schema}}.llm_resources (
    id         uuid PRIMARY KEY,
    attributes jsonb NOT NULL
);

-- A parent that spans have named and that has not arrived: what lies below it.
-- The row goes when the parent arrives. For the writer only.
CREATE TABLE {{.schema}}.llm_awaited_spans (
    trace_id uuid NOT NULL,
    below    smallint NOT NULL,
    span_id  text COLLATE "C" NOT NULL,
    tools    text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (trace_id, span_id)
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 1);

-- Two model spans of different scopes that tell one call side by side: the
-- inner counts as if it lay below the outer. For the writer and the views.
CREATE TABLE {{.schema}}.llm_side_by_side (
    trace_id      uuid NOT NULL,
    inner_span_id text COLLATE "C" NOT NULL,
    outer_span_id text COLLATE "C" NOT NULL,
    settled       boolean NOT NULL DEFAULT false, -- the outer's ancestors are all there, none of them is the inner
    PRIMARY KEY (trace_id, inner_span_id, outer_span_id)
);
CREATE INDEX llm_side_by_side_unsettled ON {{.schema}}.llm_side_by_side (trace_id) WHERE NOT settled;

-- lz4 packs faster than the default; servers built without it keep the default.
DO $$
DECLARE
    col record;
BEGIN
    FOR col IN SELECT * FROM (VALUES
        ('llm_spans', 'attributes'), ('llm_spans', 'events'), ('llm_spans', 'links'),
        ('llm_spans', 'request_parameters'), ('llm_contents', 'body'), ('llm_resources', 'attributes')) AS c(tab, name)
    LOOP
        EXECUTE format('ALTER TABLE %I.%I ALTER COLUMN %I SET COMPRESSION lz4', {{.schema_literal}}, col.tab, col.name);
    END LOOP;
EXCEPTION WHEN feature_not_supported THEN
    NULL;
END
$$;

-- For rows whose day is too far away to deserve a partition of its own.
CREATE TABLE {{.schema}}.llm_spans_default PARTITION OF {{.schema}}.llm_spans DEFAULT;
CREATE TABLE {{.schema}}.llm_contents_default PARTITION OF {{.schema}}.llm_contents DEFAULT;
CREATE TRIGGER llm_count_removal AFTER DELETE OR TRUNCATE ON {{.schema}}.llm_contents_default
    FOR EACH STATEMENT EXECUTE FUNCTION {{.schema}}.llm_count_removal();

