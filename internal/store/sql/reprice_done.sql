DELETE FROM {{.schema}}.llm_internal_repricing WHERE day = date '1970-01-01' + $1
