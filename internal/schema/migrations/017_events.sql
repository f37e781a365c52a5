-- Tables for log records.
SELECT;
