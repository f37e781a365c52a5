package pgbatch

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/llm-observatory/llmobservatoryexporter/internal/panics"
)

// Verdict is what becomes of a batch after an error.
type Verdict uint8

// The verdicts.
const (
	// Later: nothing is wrong with the batch. It waits in its consumer of the queue (retry.go).
	Later Verdict = iota
	// NewConnection: as Later, and the connection is not used again.
	NewConnection
	// TooLong: as Later, and in smaller transactions.
	TooLong
	// Conflict: tried again at once, up to 5 times, then Later.
	Conflict
	// Fault: the batch's own. Halved until the rows at fault stand alone; they are set
	// aside.
	Fault
	// Suspect: tried up to 3 times, then as Fault if another batch can be stored, and
	// else as Later.
	Suspect
)

// policy says what becomes of a batch by the SQLSTATE, or the class, that Postgres
// reported; the longest entry that fits counts, and what no entry fits is Suspect.
// https://www.postgresql.org/docs/current/errcodes-appendix.html lists the codes.
var policy = map[string]Verdict{
	// The server, or the way to it, is not usable at present.
	"08":    Later,         // connection
	"25006": NewConnection, // read-only: the server has become a standby
	"25P03": NewConnection, // idle_in_transaction_session_timeout
	"25P04": TooLong,       // transaction_timeout
	"53":    Later,         // disk full, out of connections
	"53200": Suspect,       // out of memory, perhaps for this batch only
	"57":    Later,         // shutdown, crash
	"57014": TooLong,       // statement_timeout, or cancelled by an administrator

	// Somebody has to change a setting, a grant, the schema or the server.
	"0A":    Later, // feature not supported: an extension such as Citus refuses a statement, whatever its rows
	"28":    Later, // authorization
	"3D":    Later, // no such database
	"3F":    Later, // no such schema
	"42501": Later, // insufficient privilege
	"42P01": Later, // no such table
	"42703": Later, // no such column
	"42883": Later, // no such function

	// Other writers were faster.
	"40":    Conflict, // serialization failure, deadlock
	"55P03": Conflict, // lock not available
	"23505": Conflict, // unique violation: a row that was not there a moment ago

	// The data cannot be stored.
	"22": Fault, // data exception
	"23": Fault, // integrity constraint
	"44": Fault, // WITH CHECK OPTION
	"54": Fault, // program limit
}

// SQLSTATE codes that callers treat by themselves.
const (
	checkViolation   = "23514"
	DeadlockDetected = "40P01"
	LockNotAvailable = "55P03"
)

var (
	// ErrConflict is a conflict with another writer that Postgres does not report.
	ErrConflict = errors.New("conflict with another writer")
	// ErrRow is a stored row that cannot be read.
	ErrRow = errors.New("a stored row cannot be read")
)

// Judge looks an error up in the policy.
func Judge(err error) Verdict {
	var pgErr *pgconn.PgError
	switch {
	case errors.As(err, new(*panics.Error)):
		return Suspect
	case errors.Is(err, ErrConflict):
		return Conflict
	case errors.As(err, &pgErr):
		return judgeCode(pgErr)
	case errors.Is(err, ErrRow):
		return Suspect
	case errors.Is(err, context.DeadlineExceeded):
		return TooLong
	}
	return Later // the network, the end of the collector, or no connection
}

func judgeCode(err *pgconn.PgError) Verdict {
	if err.Code == checkViolation && err.ConstraintName == "" {
		return Conflict // a partition was attached under a row of its day
	}
	if verdict, ok := policy[err.Code]; ok {
		return verdict
	}
	if verdict, ok := policy[err.Code[:min(2, len(err.Code))]]; ok {
		return verdict
	}
	return Suspect
}

// Final is the verdict on the error that the last attempt ended with: an integrity
// violation that no attempt avoids is a rule of somebody else's, which the batch breaks.
func Final(err error) Verdict {
	verdict := Judge(err)
	if verdict != Conflict {
		return verdict
	}
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && strings.HasPrefix(pgErr.Code, "23") {
		return Fault
	}
	return Later
}

// attempts is how often a batch with this verdict is tried in all. An optimistic attempt
// proves nothing, so a careful one always follows. A batch that begins carefully is a part
// of one that has failed.
func (v Verdict) attempts(part bool) int {
	switch {
	case v == Conflict:
		return conflictAttempts
	case part, v == TooLong:
		return 1
	case v == Suspect:
		return suspectAttempts
	}
	return 2
}

// HasCode reports whether Postgres reported err with a SQLSTATE.
func HasCode(err error, code string) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && pgErr.Code == code
}
