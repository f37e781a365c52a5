-- Tables for the write path.
SELECT;

---- create above / drop below ----

SELECT;
