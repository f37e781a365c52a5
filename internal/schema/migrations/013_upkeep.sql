-- Tables for retention, erasure, days and grants.
SELECT;
