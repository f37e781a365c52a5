-- Columns of spans that later steps fill. None has a default that would rewrite a
-- partition; rows of before say null, except that each of them is a span's.
ALTER TABLE {{.schema}}.llm_spans
    ADD COLUMN cost_counted          boolean,
    ADD COLUMN source                text NOT NULL DEFAULT 'span',
    ADD COLUMN stored_at             timestamptz,
    ADD COLUMN labels                jsonb,
    ADD COLUMN service_tier          text,
    ADD COLUMN cache_write_1h_tokens bigint,
    ADD COLUMN input_audio_tokens    bigint,
    ADD COLUMN output_audio_tokens   bigint,
    ADD COLUMN input_image_tokens    bigint,
    ADD COLUMN output_image_tokens   bigint,
    ADD COLUMN web_search_requests   bigint,
    ADD COLUMN estimated_cost        numeric;
ALTER TABLE {{.schema}}.llm_spans ALTER COLUMN stored_at SET DEFAULT now();
ALTER TABLE {{.schema}}.llm_traces ADD COLUMN labels jsonb;
