CREATE OR REPLACE VIEW {{.schema}}.llm_trace_io WITH (security_invoker = true) AS
SELECT t.id AS trace_id, t.trace_id AS trace_hex, t.name, t.start_time,
    {{.schema}}.llm_internal_trace_input(t.id, t.root_span_id, t.start_time, t.end_time) AS input,
    {{.schema}}.llm_internal_trace_output(t.id, t.root_span_id, t.start_time, t.end_time) AS output
FROM {{.schema}}.llm_traces t;
