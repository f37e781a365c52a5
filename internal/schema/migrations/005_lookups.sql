-- Spans of recent hours, over all services and models. Rows arrive nearly in order
-- of time, so a summary of each 256 kB says enough, and costs writers next to nothing.
CREATE INDEX llm_spans_time ON {{.schema}}.llm_spans USING brin (start_time) WITH (pages_per_range = 32, autosummarize = on);

-- What failed lately; spans that did not fail make no entry.
CREATE INDEX llm_spans_failed ON {{.schema}}.llm_spans (start_time) WHERE error_type IS NOT NULL;
