-- The views find what lies below a telling whose usage stands on a call below it.
-- Partitions made from now on have the index; building it on those that exist would hold
-- up writers.
CREATE INDEX llm_spans_parent ON ONLY {{.schema}}.llm_spans (trace_id, parent_span_id COLLATE "C") WHERE parent_span_id IS NOT NULL;
CREATE INDEX llm_internal_pairs_outer ON {{.schema}}.llm_internal_pairs (trace_id, outer_span_id);
