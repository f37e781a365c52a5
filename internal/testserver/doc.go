// Package testserver starts private, throw-away servers from installed binaries: PostgreSQL, Redis,
// PgBouncer and the built collector, plus a TCP proxy that cuts or hangs connections. Tests, benchmarks
// and the demo use it.
//
// Servers listen on free ports of 127.0.0.1, keep their files in a temporary directory and end with the
// program that started them, even when that program is killed. PostgreSQL and PgBouncer refuse to run as
// root; a program that runs as root starts them as user postgres or nobody.
//
// Most tests need only a database of their own:
//
//	url := testserver.NewDatabase(t)
//
// Tests that stop, restart or configure a server take one for themselves:
//
//	pg := testserver.Postgres(t, testserver.PostgresOptions{Settings: map[string]string{"max_connections": "20"}})
//
// With DATABASE_URL set, NewDatabase creates its databases in that server, and RedisURL returns REDIS_URL
// if that is set.
package testserver
