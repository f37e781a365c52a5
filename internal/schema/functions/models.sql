-- The canonical name of a model: without the vendor's prefix, region, date and version
-- suffix, in small letters, so that one model has one name whoever tells of it. It is not
-- STRICT, so that PostgreSQL puts it into the query, and most names need no look for a folder
-- or a region: 10.9 -> 3.5 µs a name. No literal of a function has a backslash without E:
-- sessions with standard_conforming_strings = off read such backslashes as escapes.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_model_name(model text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT nullif(regexp_replace(CASE WHEN strpos(model, '/') + strpos(model, '.') + strpos(model, ':') + strpos(model, '@') = 0 THEN lower(model)
    ELSE regexp_replace(regexp_replace(lower(model),
    -- folders and regions: openai/…, models/…, arn:aws:bedrock:…/us.anthropic.…
    '^(.*/)?(((us|us-gov|eu|apac|ap|jp|au|ca|global)[.])?(anthropic|amazon|meta|mistral|cohere|ai21|deepseek|qwen|openai|google|stability|writer|moonshot|minimax|nvidia|zai|twelvelabs)[.])?', ''),
    -- versions: …-v1:0, …:0, …:free, …@20250929
    '(-v[0-9]+:[0-9]+|:[0-9]+|:(free|beta|nitro|floor|online|exacto|latest)|@[a-z0-9.-]+)$', '') END,
    -- dates and numbers of releases: -20250929, -2024-08-06, -05-20, -0613, -2411, -001
    '-(20[0-9]{6}|20[0-9][0-9]-[0-9][0-9]-[0-9][0-9]|(0[1-9]|1[0-2])-[0-3][0-9]|(0[1-9]|1[0-2])([0-2][0-9]|3[01])|2[3-9](0[1-9]|1[0-2])|00[0-9])$', ''), '')
$$;

-- A sum as a column holds it: the nearest number that the type has. Never fails.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_bigint(sum numeric) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE WHEN sum > 9223372036854775807 THEN 9223372036854775807 WHEN sum < -9223372036854775807 THEN -9223372036854775807 ELSE sum::bigint END
$$;

-- A number in JSON; null for any other value.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_internal_number(value jsonb) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT CASE WHEN jsonb_typeof(value) = 'number' THEN value::numeric END $$;
