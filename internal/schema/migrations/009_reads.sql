-- When the first spans of a trace were stored. No update changes it, so unlike
-- start_time it can have an index and updates stay heap-only; rows lie nearly in its
-- order. New databases have it since 001, in front of the columns of varying length,
-- where it is read sooner; in others it comes last and, of older rows, says now.
ALTER TABLE {{.schema}}.llm_traces ADD COLUMN IF NOT EXISTS created_at timestamptz NOT NULL DEFAULT now();
CREATE INDEX llm_traces_created ON {{.schema}}.llm_traces USING brin (created_at) WITH (pages_per_range = 64, autosummarize = on);

-- Served the dearest traces only, whose sums are in llm_traces.
DROP INDEX IF EXISTS {{.schema}}.llm_spans_cost;
