// Package pool holds the connections to Postgres and, if there is one, to Redis. It has no part in the
// collector: any program that writes to or reads from the same database can use it.
//
//	cfg := pool.ConfigFromEnv() // or pool.ConfigFromFile("storage.yaml")
//	p, err := pool.New(ctx, cfg, logger)
//	if err != nil {
//		return err
//	}
//	defer p.Close(ctx)
//	rows, err := p.Postgres().Query(ctx, "SELECT …")
//
// # Errors
//
// Every error has a [Kind], read with errors.Is(err, pool.KindTimeout) or errors.As, and [IsRetryable] says
// whether the same call can succeed later without anyone changing anything. Both are decided by SQLSTATE
// and by the types of network errors, never by message text. No error message holds a password.
//
// # PgBouncer
//
// Connections keep no state on the server between transactions: no named prepared statements, no SET, no
// search_path. They work through PgBouncer in transaction mode.
package pool
