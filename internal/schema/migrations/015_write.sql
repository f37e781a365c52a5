-- Tables for the write path.
SELECT;
