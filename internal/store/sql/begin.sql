-- The database's default isolation may be stricter; the write path locks what it
-- depends on and wants to see what others committed meanwhile.
BEGIN ISOLATION LEVEL READ COMMITTED
