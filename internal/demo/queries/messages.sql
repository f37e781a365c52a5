SELECT to_char(start_time AT TIME ZONE 'UTC', 'HH24:MI:SS.MS') AS call, direction, position::text AS position, role,
    left(coalesce(
        content,
        body #>> '{parts,0,name}' || '(' || (body #> '{parts,0,arguments}')::text || ')',
        body #>> '{parts,0,response}'), 70) AS content
FROM llm_messages
ORDER BY start_time, span_id, direction, position
