-- A histogram counts values by magnitude: element b counts those in
-- (2^((b-1)/4), 2^(b/4)], element 0 those up to 1; elements are null or missing
-- where there is nothing to count. Adding histograms adds elements, and a quantile
-- read from one is at most 9 % off.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_histogram_bucket(value bigint) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE WHEN value > 1 THEN ceil(ln(value::double precision) * (4 / ln(2::double precision)))::integer WHEN value IS NOT NULL THEN 0 END
$$;

CREATE OR REPLACE FUNCTION {{.schema}}.llm_histogram_add(histogram bigint[], bucket integer, count bigint) RETURNS bigint[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    IF bucket IS NOT NULL THEN
        histogram[bucket] := coalesce(histogram[bucket], 0) + count;
    END IF;
    RETURN histogram;
END
$$;

CREATE OR REPLACE FUNCTION {{.schema}}.llm_histogram_merge(histogram bigint[], other bigint[]) RETURNS bigint[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    IF histogram IS NULL OR other IS NULL THEN
        RETURN coalesce(histogram, other);
    END IF;
    FOR bucket IN array_lower(other, 1) .. array_upper(other, 1) LOOP
        IF other[bucket] IS NOT NULL THEN
            histogram[bucket] := coalesce(histogram[bucket], 0) + other[bucket];
        END IF;
    END LOOP;
    RETURN histogram;
END
$$;

-- A histogram from buckets and how many values are in each.
CREATE OR REPLACE AGGREGATE {{.schema}}.llm_histogram(bucket integer, count bigint) (
    SFUNC = {{.schema}}.llm_histogram_add, STYPE = bigint[],
    COMBINEFUNC = {{.schema}}.llm_histogram_merge, PARALLEL = SAFE
);

-- The sum of histograms.
CREATE OR REPLACE AGGREGATE {{.schema}}.llm_histogram_sum(bigint[]) (
    SFUNC = {{.schema}}.llm_histogram_merge, STYPE = bigint[],
    COMBINEFUNC = {{.schema}}.llm_histogram_merge, PARALLEL = SAFE
);

-- The value below which a fraction of a histogram's values lies, in the unit of
-- the values; null for an empty one.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_histogram_quantile(histogram bigint[], fraction double precision) RETURNS double precision
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
DECLARE
    rank numeric := (SELECT sum(n) FROM unnest(histogram) n) * fraction;
    seen numeric := 0;
BEGIN
    FOR bucket IN array_lower(histogram, 1) .. array_upper(histogram, 1) LOOP
        seen := seen + coalesce(histogram[bucket], 0);
        IF seen >= rank AND histogram[bucket] > 0 THEN
            RETURN CASE WHEN bucket = 0 THEN 1 ELSE 2 ^ ((bucket - 0.5) / 4) END;
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
