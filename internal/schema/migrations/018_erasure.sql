-- Erasure looks under its lock only at what was stored since it began. Partitions made
-- from now on have the index; building it on those that exist would hold up writers.
CREATE INDEX llm_spans_stored ON ONLY {{.schema}}.llm_spans USING brin (stored_at) WITH (pages_per_range = 32, autosummarize = on);
