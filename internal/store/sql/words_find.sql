-- Words of log records: of the record r.id; those that name a span, written between two
-- times; those with an id of a call; and those that a span has.
SELECT {{template "words_row" .}}
FROM {{.rows}}
CROSS JOIN LATERAL (
    SELECT * FROM {{.schema}}.llm_internal_words w WHERE w.day = r.day AND w.id = r.id
    UNION ALL
    SELECT * FROM {{.schema}}.llm_internal_words w WHERE w.trace_id = r.trace_id AND w.span_id = r.named AND w.at BETWEEN r.since AND r.until
    UNION ALL
    SELECT * FROM {{.schema}}.llm_internal_words w WHERE w.trace_id = r.trace_id AND w.call_id = r.call_id
    UNION ALL
    SELECT * FROM {{.schema}}.llm_internal_words w WHERE w.trace_id = r.trace_id AND w.words_of = r.words_of) w
