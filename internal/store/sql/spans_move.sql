-- Events that go to the traces of their calls.
UPDATE {{.schema}}.llm_spans s SET trace_id = r.trace_id, parent_span_id = coalesce(s.parent_span_id, r.agent), below = r.below, counted = r.counted, usage_counted = r.usage_counted,
    cost_counted = r.cost_counted, estimate_counted = r.estimate_counted
FROM {{.rows}}
WHERE s.trace_id = r.origin AND s.span_id = r.span_id AND s.start_time = r.start_time
