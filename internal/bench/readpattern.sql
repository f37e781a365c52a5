-- One day of traffic, made of the base day's rows: each copy of a trace begins at a time of
-- its own, has ids and words of its own, and a model, a service and now and then an error
-- that the base lacks.

SET work_mem = '256MB';

CREATE UNLOGGED TABLE bench_moves AS
SELECT t.id, copy, md5(t.id::text || copy) AS hex, model.*, 'assistant-' || n % 8 AS service, n % 50 = 0 AS fails,
    0.3 + 0.7 * (n % 97) / 97.0 AS pace,
    -- The day, less a minute for the last to end, is shared out evenly.
    begin + interval '86340 s' * (row_number() OVER (PARTITION BY t.name ORDER BY t.start_time, copy) - 1)
        / count(*) OVER (PARTITION BY t.name) - t.start_time AS shift
FROM (SELECT min(date_trunc('day', start_time, 'UTC')) AS begin FROM llm_traces WHERE session_id NOT LIKE 'bench-%') d
JOIN llm_traces t ON t.session_id NOT LIKE 'bench-%'
CROSS JOIN generate_series(1, $copies) copy
CROSS JOIN LATERAL (SELECT abs(hashtext(t.id::text || copy)) AS n) h
JOIN (VALUES (0, 'openai', 'gpt-4o', 5.0), (1, 'openai', 'gpt-4o-mini', 0.3), (2, 'anthropic', 'claude-sonnet-4-5', 7.0),
    (3, 'anthropic', 'claude-haiku-4-5', 2.0), (4, 'google', 'gemini-2.5-pro', 4.0), (5, 'mistral', 'mistral-large', 3.0)
) AS model (number, provider, model, usd_per_million) ON model.number = n % 6;

-- Instructions and tools are the same in every copy.
CREATE UNLOGGED TABLE bench_shared AS
SELECT DISTINCT id FROM llm_spans, unnest(ARRAY[system_instructions_id, tool_definitions_id]) AS id WHERE id IS NOT NULL;

CREATE FUNCTION bench_copy(ids uuid[], copy integer) RETURNS uuid[] LANGUAGE sql STABLE AS $$
    SELECT array_agg(md5(i.id::text || copy)::uuid ORDER BY i.n) FROM unnest(ids) WITH ORDINALITY AS i (id, n) $$;

CREATE UNLOGGED TABLE bench_spans AS
SELECT $spans, t.end_time + m.shift AS trace_ends
FROM llm_spans b
JOIN bench_moves m ON m.id = b.trace_id
JOIN llm_traces t ON t.id = b.trace_id
ORDER BY b.start_time + m.shift, b.span_id;

CREATE UNLOGGED TABLE bench_traces AS
SELECT $traces
FROM llm_traces b
JOIN bench_moves m ON m.id = b.id
JOIN (SELECT trace_id, sum(total_cost) FILTER (WHERE cost_counted) AS total_cost, sum(estimated_cost) FILTER (WHERE usage_counted) AS estimated_cost,
        count(error_type) FILTER (WHERE counted) AS error_count FROM bench_spans GROUP BY 1) s
    ON s.trace_id = m.hex::uuid
ORDER BY b.start_time + m.shift;

CREATE UNLOGGED TABLE bench_contents AS
SELECT b.day, CASE WHEN shared.id IS NULL THEN md5(b.id::text || used.copy)::uuid ELSE b.id END AS id, b.body, min(used.at) AS first_used
FROM (SELECT u.id, m.copy, min(b.start_time + m.shift) AS at
      FROM llm_spans b
      JOIN bench_moves m ON m.id = b.trace_id
      CROSS JOIN LATERAL (
          SELECT unnest(b.input_message_ids || b.output_message_ids) AS id
          UNION ALL
          SELECT unnest(ARRAY[b.system_instructions_id, b.tool_definitions_id, b.tool_arguments_id, b.tool_result_id])) u
      GROUP BY 1, 2) used
JOIN llm_contents b ON b.id = used.id
LEFT JOIN bench_shared shared ON shared.id = b.id
WHERE used.copy = 1 OR shared.id IS NULL
GROUP BY 1, 2, 3
ORDER BY 4;

ANALYZE bench_spans, bench_traces, bench_contents;
