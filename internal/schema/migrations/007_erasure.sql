-- Traces erased of late, for the caches of collectors.
CREATE TABLE {{.schema}}.llm_erased_traces (
    trace_id  text COLLATE "C" NOT NULL, -- 32 hex digits
    erased_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
