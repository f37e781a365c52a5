-- The span above a nested tool that has not arrived, if there is but one: before it does, nothing
-- can come to lie above the tool, so that no batch has to look at the tool. Null: not known.
ALTER TABLE {{.schema}}.llm_internal_nested_tools ADD COLUMN awaits text COLLATE "C";
CREATE INDEX llm_internal_nested_tools_awaits ON {{.schema}}.llm_internal_nested_tools (trace_id, awaits) WHERE awaits IS NOT NULL;
CREATE INDEX llm_internal_nested_tools_open ON {{.schema}}.llm_internal_nested_tools (trace_id, name, call) WHERE awaits IS NULL AND NOT covered;
