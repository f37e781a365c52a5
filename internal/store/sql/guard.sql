-- Erasure takes this lock exclusively: contents that a batch found stored stay until
-- the batch has committed. Look-ups go by index whatever the statistics say, which
-- are missing on a young partition. With Citus nothing is proven: the rows are on another
-- server, and no trigger counts what is removed there. Where nothing is proven, owners of
-- contents are not noted: each batch would have to ask for all contents. A trigger finds out.
SELECT current_setting('synchronous_commit') <> 'off', p.may,
    pg_advisory_xact_lock_shared(hashtextextended($1 || '.llm_contents', 0)),
    set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
    set_config('enable_mergejoin', 'off', true), set_config('jit', 'off', true),
    set_config('llm_observatory.owners', CASE WHEN p.may THEN 'on' ELSE 'off' END, true),
    set_config('llm_observatory.record_owners', CASE WHEN p.may THEN 'on' ELSE 'off' END, true)
FROM (SELECT coalesce(has_function_privilege(to_regprocedure('pg_control_system()'), 'EXECUTE')
        AND has_function_privilege(to_regprocedure('pg_control_checkpoint()'), 'EXECUTE'), false)
        AND to_regclass('pg_catalog.pg_dist_partition') IS NULL) p (may)
