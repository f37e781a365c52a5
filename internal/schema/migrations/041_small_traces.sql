-- Spans of small traces that came complete have no entry in the index by which spans are found from above: a
-- look-up reads such a trace. Rows of before, and of collectors of before, have entries in the partitions made from now on.
ALTER TABLE {{.schema}}.llm_spans ADD COLUMN small_trace boolean;
DROP INDEX {{.schema}}.llm_spans_below;
CREATE INDEX llm_spans_below ON ONLY {{.schema}}.llm_spans (trace_id, parent_span_id COLLATE "C")
    WHERE small_trace IS NULL AND parent_span_id IS NOT NULL AND (kind IN ('llm', 'embedding', 'reranker') OR below <> 0);
