UPDATE {{.schema}}.llm_internal_words w SET words_of = r.words_of
FROM {{.rows}} WHERE w.day = r.day AND w.id = r.id
