-- transaction: own
-- Tables for retention, erasure, days and grants, and primary keys where there were none:
-- a publication FOR ALL TABLES stops updates of tables without one. Filling the key of
-- llm_usage_hourly rewrites that table, so this step has a transaction of its own, which
-- holds no lock that writers wait for.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conrelid = to_regclass(format('%I.llm_schema_version', {{.schema_literal}})) AND c.contype = 'p') THEN
        ALTER TABLE {{.schema}}.llm_schema_version ADD PRIMARY KEY (version);
    END IF;
END
$$;
ALTER TABLE {{.schema}}.llm_contents_removals ADD COLUMN one boolean NOT NULL DEFAULT true PRIMARY KEY CHECK (one);
ALTER TABLE {{.schema}}.llm_erased_traces ADD PRIMARY KEY (trace_id, erased_at);
ALTER TABLE {{.schema}}.llm_usage_hourly ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;

-- Traces that are kept and have lost spans to retention. The user and the session of
-- such a trace may be those of a span that is gone, so erasure looks at these rows too.
CREATE TABLE {{.schema}}.llm_internal_shortened_traces (
    trace_id uuid PRIMARY KEY
);

-- How far retention has got: spans before dropped_before are gone, and of traces that
-- lost some of them, those before noted_before are in llm_internal_shortened_traces.
CREATE TABLE {{.schema}}.llm_internal_retention (
    one            boolean NOT NULL DEFAULT true PRIMARY KEY CHECK (one),
    dropped_before date,
    noted_before   date
);
INSERT INTO {{.schema}}.llm_internal_retention (dropped_before)
SELECT max((hour AT TIME ZONE 'UTC')::date + 1) FROM {{.schema}}.llm_usage_hourly WHERE dropped;

-- Who erased what: a row an erasure. Retention keeps it.
CREATE TABLE {{.schema}}.llm_erasures (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    erased_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    erased_by   text NOT NULL DEFAULT session_user,
    subject     text NOT NULL,
    value_hash  text NOT NULL,
    whole_trace boolean NOT NULL,
    traces      bigint NOT NULL,
    spans       bigint NOT NULL,
    contents    bigint NOT NULL
);
COMMENT ON TABLE {{.schema}}.llm_erasures IS 'One row an erasure: when, by whom, what was asked for and what went. Retention keeps these rows.';
COMMENT ON COLUMN {{.schema}}.llm_erasures.id IS 'Number of the erasure.';
COMMENT ON COLUMN {{.schema}}.llm_erasures.erased_at IS 'When it ran.';
COMMENT ON COLUMN {{.schema}}.llm_erasures.erased_by IS 'The role that was logged in.';
COMMENT ON COLUMN {{.schema}}.llm_erasures.subject IS 'What was erased: trace, session or user.';
COMMENT ON COLUMN {{.schema}}.llm_erasures.value_hash IS 'SHA-256, in hex, of the id that was asked for, so that a request can be proven and its id is not kept.';
COMMENT ON COLUMN {{.schema}}.llm_erasures.whole_trace IS 'Whether traces that others share were erased whole.';
COMMENT ON COLUMN {{.schema}}.llm_erasures.traces IS 'Traces that are gone.';
COMMENT ON COLUMN {{.schema}}.llm_erasures.spans IS 'Spans that are gone.';
COMMENT ON COLUMN {{.schema}}.llm_erasures.contents IS 'Contents (messages, instructions, arguments, results, documents, long attributes) that are gone, each once a day.';

-- Roles that were granted rights by llm_grant_writer, llm_grant_reader and
-- llm_grant_viewer. Objects that later versions add are granted to them as well.
CREATE TABLE {{.schema}}.llm_internal_grants (
    role  name NOT NULL,
    kind  text NOT NULL CHECK (kind IN ('writer', 'reader', 'reader with words', 'viewer')),
    PRIMARY KEY (role, kind)
);

-- Roles that write already, by grants of their own.
INSERT INTO {{.schema}}.llm_internal_grants
SELECT DISTINCT r.rolname, 'writer'
FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee
WHERE c.oid = to_regclass(format('%I.llm_spans', {{.schema_literal}})) AND a.privilege_type = 'INSERT' AND a.grantee <> c.relowner;

-- Roles that were refused the table of words and can read a day of it, after GRANT … ON
-- ALL TABLES and a REVOKE that does not reach partitions.
DO $$
DECLARE
    open record;
BEGIN
    FOR open IN
        SELECT DISTINCT c.oid::regclass AS part, a.grantee::regrole AS role
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid CROSS JOIN LATERAL aclexplode(c.relacl) a
        WHERE i.inhparent = to_regclass(format('%I.llm_contents', {{.schema_literal}})) AND a.privilege_type = 'SELECT'
            AND a.grantee NOT IN (0, c.relowner) AND NOT has_table_privilege(a.grantee, i.inhparent, 'SELECT')
    LOOP
        EXECUTE format('REVOKE ALL ON %s FROM %s', open.part, open.role);
    END LOOP;
END
$$;
