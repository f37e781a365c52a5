UPDATE {{.schema}}.llm_internal_days_to_price SET done_to = $2 WHERE day = date '1970-01-01' + $1
