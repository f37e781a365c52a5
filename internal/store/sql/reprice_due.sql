-- Traces whose calls without a model are to be priced by now, those that wait longest first, and when to
-- price them next: what tells the model and comes some time after the call is found within three times that time.
SELECT trace_id, {{template "micros" "listed_at"}}, {{template "micros" "next_at"}} FROM (
    SELECT trace_id, listed_at, now() + greatest(3 * (now() - listed_at), interval '30 seconds') AS next_at
    FROM {{.schema}}.llm_internal_traces_to_price WHERE due_at <= now() ORDER BY due_at LIMIT $1) d
