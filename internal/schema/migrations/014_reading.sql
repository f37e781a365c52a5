-- Tables for what readers ask.
SELECT;
