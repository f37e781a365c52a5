-- Traces of turns whose calls have all moved to the traces of their spans, and traces that are empty. One that records of
-- prompts name stays, as that of a prompt alone does: who brings more of it would not know of the prompt.
DELETE FROM {{.schema}}.llm_traces t USING {{.rows}}
WHERE t.id = r.id AND (r.empty OR EXISTS (SELECT FROM {{.schema}}.llm_internal_call_candidates c WHERE c.key = r.key AND c.origin = r.origin))
