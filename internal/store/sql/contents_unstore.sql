-- Removes those of the contents $2 of day $1 again that this transaction has stored.
SELECT id FROM {{.schema}}.llm_internal_unstore($1, $2) AS r (id)
