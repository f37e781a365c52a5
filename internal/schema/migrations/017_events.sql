-- Tables for log records.
SELECT;

---- create above / drop below ----

SELECT;
