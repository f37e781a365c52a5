-- Tables for what readers ask.
SELECT;

---- create above / drop below ----

SELECT;
