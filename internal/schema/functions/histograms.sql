-- A histogram counts values by magnitude: element b counts those in
-- (2^((b-1)/16), 2^(b/16)], element 0 those up to 1; element -2 is the least value,
-- element -1 the greatest. Elements are null or missing where there is nothing to
-- count. Adding histograms adds elements. A quantile read from one is at most 2.2 % off
-- and never beyond the least and the greatest value.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_histogram_bucket(value bigint) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE WHEN value > 1 THEN ceil(ln(value::double precision) * (16 / ln(2::double precision)))::integer WHEN value IS NOT NULL THEN 0 END
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
DECLARE
    least_value bigint := least(histogram[-2], other[-2]);
    greatest_value bigint := greatest(histogram[-1], other[-1]);
BEGIN
    IF histogram IS NULL OR other IS NULL THEN
        RETURN coalesce(histogram, other);
    END IF;
    FOR bucket IN greatest(array_lower(other, 1), 0) .. array_upper(other, 1) LOOP
        IF other[bucket] IS NOT NULL THEN
            histogram[bucket] := coalesce(histogram[bucket], 0) + other[bucket];
        END IF;
    END LOOP;
    RETURN {{.schema}}.llm_histogram_bounded(histogram, least_value, greatest_value);
END
$$;

-- A histogram with the least and the greatest of its values.
CREATE OR REPLACE FUNCTION {{.schema}}.llm_histogram_bounded(histogram bigint[], least_value bigint, greatest_value bigint) RETURNS bigint[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    IF histogram IS NOT NULL THEN
        IF least_value IS NOT NULL THEN
            histogram[-2] := least_value;
        END IF;
        IF greatest_value IS NOT NULL THEN
            histogram[-1] := greatest_value;
        END IF;
    END IF;
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

CREATE OR REPLACE FUNCTION {{.schema}}.llm_histogram_quantile(histogram bigint[], fraction double precision) RETURNS double precision
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
DECLARE
    counts bigint[] := histogram[0:];
    rank numeric := (SELECT sum(n) FROM unnest(counts) n) * fraction;
    seen numeric := 0;
BEGIN
    IF fraction >= 1 AND histogram[-1] IS NOT NULL THEN
        RETURN histogram[-1];
    ELSIF fraction <= 0 AND histogram[-2] IS NOT NULL THEN
        RETURN histogram[-2];
    END IF;
    FOR bucket IN array_lower(histogram, 1) .. array_upper(histogram, 1) LOOP
        CONTINUE WHEN bucket < 0;
        seen := seen + coalesce(histogram[bucket], 0);
        IF seen >= rank AND histogram[bucket] > 0 THEN
            RETURN greatest(least(CASE WHEN bucket = 0 THEN 1 ELSE 2 ^ ((bucket - 0.5) / 16) END, histogram[-1]), histogram[-2]);
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
