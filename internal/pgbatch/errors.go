package pgbatch

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// SQLSTATE codes that the write path treats by themselves.
// https://www.postgresql.org/docs/current/errcodes-appendix.html lists all.
const (
	UniqueViolation      = "23505"
	CheckViolation       = "23514"
	SerializationFailure = "40001"
	DeadlockDetected     = "40P01"
	LockNotAvailable     = "55P03"
	ReadOnly             = "25006" // the server has become a standby
)

// HasCode tells whether Postgres reported err with a SQLSTATE.
func HasCode(err error, code string) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && pgErr.Code == code
}
