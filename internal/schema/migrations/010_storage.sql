-- Ids are random: trying to pack those of a long history is work for nothing.
ALTER TABLE {{.schema}}.llm_spans ALTER COLUMN input_message_ids SET STORAGE EXTERNAL;
