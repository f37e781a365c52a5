-- Pairs of calls side by side that are one, as this version and the one before keep them.
CREATE OR REPLACE VIEW {{.schema}}.llm_internal_side_by_side WITH (security_invoker = true) AS
{{.side_by_side}};
COMMENT ON VIEW {{.schema}}.llm_internal_side_by_side IS 'Pairs of spans that tell one call side by side. For the exporter and its views.';
