DELETE FROM {{.schema}}.llm_internal_days_to_price WHERE day = date '1970-01-01' + $1
