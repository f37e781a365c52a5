-- Tables for counting.
SELECT;
