-- Each tool call once.
CREATE OR REPLACE VIEW {{.schema}}.llm_tool_calls WITH (security_invoker = true) AS
SELECT * FROM {{.schema}}.llm_span_details WHERE kind = 'tool' AND counted;
