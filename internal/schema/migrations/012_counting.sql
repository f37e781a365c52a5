-- Tables for counting.
SELECT;

---- create above / drop below ----

SELECT;
