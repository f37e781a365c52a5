-- Tables for retention, erasure, days and grants.
SELECT;

---- create above / drop below ----

SELECT;
