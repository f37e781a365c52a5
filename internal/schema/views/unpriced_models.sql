-- Models whose calls of the last 30 days have a cost that neither a report nor a price
-- tells. A price for one is a row of llm_prices.
CREATE OR REPLACE VIEW {{.schema}}.llm_unpriced_models WITH (security_invoker = true) AS
SELECT u.provider, u.model, count(*) AS calls, coalesce({{.schema}}.llm_internal_bigint(sum(u.total_tokens)), 0) AS total_tokens
FROM (
    SELECT coalesce(s.provider, n.provider) AS provider,
        {{.schema}}.llm_model_name(coalesce(s.response_model, s.request_model, n.response_model, n.request_model)) AS model, s.total_tokens
    FROM {{.schema}}.llm_spans s
    LEFT JOIN {{.schema}}.llm_traces t ON t.id = s.trace_id AND coalesce(s.response_model, s.request_model) IS NULL
    LEFT JOIN LATERAL {{.told_model}} n ON true
    WHERE s.start_time >= now() - interval '30 days' AND s.estimate_counted AND s.estimated_cost IS NULL) u
GROUP BY u.provider, u.model;
