-- Tables for prices.
SELECT;

---- create above / drop below ----

SELECT;
