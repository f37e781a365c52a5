-- Traces with a call that names no model, while another observation may still come that names
-- the call's model: its price is looked for again whenever due_at has passed.
CREATE TABLE {{.schema}}.llm_internal_traces_to_price (
    trace_id  uuid PRIMARY KEY,
    listed_at timestamptz NOT NULL DEFAULT now(), -- when the last call came that names no model
    due_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX llm_internal_traces_to_price_due ON {{.schema}}.llm_internal_traces_to_price (due_at);
-- Calls of the last days that name no model, when collectors of before, which do not look for it, have gone. More days
-- would be hours of work in large databases: llm_reprice asks for them.
INSERT INTO {{.schema}}.llm_internal_price_changes (since, until, ready_at)
SELECT CURRENT_DATE - 7, 'infinity', now() + interval '1 hour' WHERE EXISTS (SELECT FROM {{.schema}}.llm_spans) ON CONFLICT DO NOTHING;
