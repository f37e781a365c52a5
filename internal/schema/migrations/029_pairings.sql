-- What batches that looked for calls of both signals claim: hashes of the traces, sessions and ids of their calls,
-- 8 bytes each, sorted. A batch that commits compares its own with those of batches that have committed since it
-- looked; only the latest rows are kept.
CREATE TABLE {{.schema}}.llm_internal_pairings (
    seq    bigint PRIMARY KEY,
    events bytea NOT NULL,
    spans  bytea NOT NULL
);
ALTER TABLE {{.schema}}.llm_internal_pairings ALTER COLUMN events SET STORAGE EXTERNAL, ALTER COLUMN spans SET STORAGE EXTERNAL;
