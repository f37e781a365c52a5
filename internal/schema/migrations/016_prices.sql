-- Tables for prices.
SELECT;
