-- Counting finds calls side by side by their keys (012), so nothing looks for tokens any more. The views look
-- below a span only for calls of models, and for spans that have such calls below them: most spans are neither,
-- and cost nothing here.
DROP INDEX {{.schema}}.llm_spans_call_tokens;
DROP INDEX {{.schema}}.llm_spans_parent;
CREATE INDEX llm_spans_below ON ONLY {{.schema}}.llm_spans (trace_id, parent_span_id COLLATE "C")
    WHERE parent_span_id IS NOT NULL AND (kind IN ('llm', 'embedding', 'reranker') OR below <> 0);
