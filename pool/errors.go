package pool

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/puddle/v2"
)

// Kind says what sort of trouble an error is. It is itself an error, so that errors.Is(err, KindTimeout)
// works.
type Kind string

// The first four kinds are retryable, the others are not.
const (
	KindConnection Kind = "connection" // the server, or the way to it, is not usable right now
	KindPool       Kind = "pool"       // no free connection, memory, disk or other resource
	KindTimeout    Kind = "timeout"    // took too long or was cancelled
	KindConflict   Kind = "conflict"   // lost to a concurrent transaction: deadlock, serialization, lock
	KindQuery      Kind = "query"      // the statement or its data is wrong
	KindConfig     Kind = "config"     // refused until someone changes a setting: password, database, TLS, grant
	KindMigration  Kind = "migration"  // the schema is not what this program needs
	KindValidation Kind = "validation" // a value was refused before it was sent
	KindNotFound   Kind = "not found"  // no such row, table or schema
	KindRedis      Kind = "redis"      // Redis failed; what is kept there is kept in Postgres too
)

// Error returns the kind's name.
func (k Kind) Error() string { return string(k) }

// Retryable reports whether errors of this kind can go away by themselves.
func (k Kind) Retryable() bool {
	switch k {
	case KindConnection, KindPool, KindTimeout, KindConflict:
		return true
	}
	return false
}

// Error is an error with a kind. It unwraps to both its kind and its cause.
type Error struct {
	Kind Kind
	// Doing says what failed, such as "PostgreSQL connection failed after 3 attempts".
	Doing string
	Err   error
}

// Error returns the message.
func (e *Error) Error() string { return e.Doing + ": " + e.Err.Error() }

// Unwrap returns the kind and the cause.
func (e *Error) Unwrap() []error { return []error{e.Kind, e.Err} }

func newError(kind Kind, doing string, err error) *Error {
	return &Error{Kind: kind, Doing: doing, Err: err}
}

// Wrap gives an error from Postgres or from the network its kind. A nil error stays nil, and an [Error]
// keeps its kind.
func Wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return newError(KindOf(err), doing, err)
}

// IsRetryable reports whether the same call can succeed later without anyone changing anything.
func IsRetryable(err error) bool { return err != nil && KindOf(err).Retryable() }

// KindOf returns the kind of any error: of an [Error] the one it has, of others what their SQLSTATE or their
// type says. An error that nothing is known about is of KindQuery.
func KindOf(err error) Kind {
	var known *Error
	var refused *pgconn.ConnectError
	var server *pgconn.PgError
	switch {
	case errors.As(err, &known):
		return known.Kind
	case errors.As(err, &refused):
		return connectKind(refused)
	case errors.As(err, &server):
		return KindOfSQLState(server.Code)
	}
	if kind, ok := networkKind(err); ok {
		return kind
	}
	switch {
	case errors.Is(err, puddle.ErrClosedPool):
		return KindPool
	case errors.Is(err, pgx.ErrNoRows):
		return KindNotFound
	case errors.Is(err, pgx.ErrTxCommitRollback):
		return KindConflict
	}
	return KindQuery
}

// networkKind knows errors that come from the connection, not from what was sent over it.
func networkKind(err error) (Kind, bool) {
	var network net.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), errors.Is(err, os.ErrDeadlineExceeded):
		return KindTimeout, true
	case errors.As(err, &network):
		if network.Timeout() {
			return KindTimeout, true
		}
		return KindConnection, true
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.ErrClosedPipe),
		errors.Is(err, net.ErrClosed), errors.Is(err, pgconn.ErrConnClosed), pgconn.SafeToRetry(err):
		return KindConnection, true
	}
	return "", false
}

// unsuitableServer is a server that answered well but is not of the asked kind, such as a standby where a
// primary was wanted. After a fail-over it may be.
type unsuitableServer struct{ error }

func (e unsuitableServer) Unwrap() error { return e.error }

// connectKind judges a failed attempt to connect by the last host tried, since a definite answer ends the
// attempt. What is neither the server's answer nor the network's fault is a disagreement about TLS or about
// how to log in, and stays one.
func connectKind(err *pgconn.ConnectError) Kind {
	last := lastOf(err.Unwrap())
	var server *pgconn.PgError
	var unsuitable unsuitableServer
	switch {
	case errors.As(last, &server):
		return KindOfSQLState(server.Code)
	case isTLSRefusal(last):
		return KindConfig
	case errors.As(last, &unsuitable):
		return KindConnection
	}
	if kind, ok := networkKind(last); ok {
		return kind
	}
	return KindConfig
}

// lastOf returns the last of errors that were joined, or err itself.
func lastOf(err error) error {
	for e := err; e != nil; e = errors.Unwrap(e) {
		if joined, ok := e.(interface{ Unwrap() []error }); ok {
			all := joined.Unwrap()
			return lastOf(all[len(all)-1])
		}
	}
	return err
}

func isTLSRefusal(err error) bool {
	var (
		verification *tls.CertificateVerificationError
		authority    x509.UnknownAuthorityError
		host         x509.HostnameError
		invalid      x509.CertificateInvalidError
		record       tls.RecordHeaderError
		network      *net.OpError
	)
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &host) ||
		errors.As(err, &invalid) || errors.As(err, &record) ||
		// crypto/tls reports alerts, its own and the server's, as operations of these names.
		(errors.As(err, &network) && (network.Op == "remote error" || network.Op == "local error"))
}

// KindOfSQLState returns the kind of an error that Postgres or PgBouncer reported.
// https://www.postgresql.org/docs/current/errcodes-appendix.html lists the codes.
func KindOfSQLState(code string) Kind {
	if kind, ok := kindOfCode[code]; ok {
		return kind
	}
	if len(code) == 5 {
		if kind, ok := kindOfClass[code[:2]]; ok {
			return kind
		}
	}
	// A class that does not exist yet. Trying again costs less than dropping what could have been stored.
	return KindConnection
}

// kindOfCode has the codes that are not like the rest of their class.
var kindOfCode = map[string]Kind{
	"0A000": KindQuery,
	"25006": KindConnection, // read-only transaction: a standby, or a primary that was demoted
	"25P03": KindConnection, // idle_in_transaction_session_timeout ended the session
	"25P04": KindTimeout,    // transaction_timeout
	"40002": KindQuery,      // integrity constraint
	"42501": KindConfig,     // insufficient privilege
	"42P01": KindNotFound,   // no such table
	"55P02": KindConfig,     // cannot change a parameter now
	"55P04": KindQuery,      // unsafe new enum value
	"57014": KindTimeout,    // statement_timeout or cancelled by an administrator
}

// kindOfClass has every class of the appendix.
var kindOfClass = map[string]Kind{
	"00": KindQuery,      // successful completion
	"01": KindQuery,      // warning
	"02": KindNotFound,   // no data
	"03": KindQuery,      // statement not yet complete
	"08": KindConnection, // connection exception
	"09": KindQuery,      // triggered action exception
	"0A": KindQuery,      // feature not supported
	"0B": KindQuery,      // invalid transaction initiation
	"0F": KindQuery,      // locator exception
	"0L": KindConfig,     // invalid grantor
	"0P": KindConfig,     // invalid role specification
	"0Z": KindQuery,      // diagnostics exception
	"10": KindQuery,      // XQuery error
	"20": KindQuery,      // case not found
	"21": KindQuery,      // cardinality violation
	"22": KindQuery,      // data exception
	"23": KindQuery,      // integrity constraint violation
	"24": KindQuery,      // invalid cursor state
	"25": KindQuery,      // invalid transaction state
	"26": KindQuery,      // invalid SQL statement name
	"27": KindQuery,      // triggered data change violation
	"28": KindConfig,     // invalid authorization specification
	"2B": KindQuery,      // dependent privilege descriptors still exist
	"2D": KindQuery,      // invalid transaction termination
	"2F": KindQuery,      // SQL routine exception
	"34": KindQuery,      // invalid cursor name
	"38": KindQuery,      // external routine exception
	"39": KindQuery,      // external routine invocation exception
	"3B": KindQuery,      // savepoint exception
	"3D": KindConfig,     // invalid catalog name: no such database
	"3F": KindNotFound,   // invalid schema name
	"40": KindConflict,   // transaction rollback: serialization failure, deadlock
	"42": KindQuery,      // syntax error or access rule violation
	"44": KindQuery,      // WITH CHECK OPTION violation
	"53": KindPool,       // insufficient resources: connections, disk, memory
	"54": KindQuery,      // program limit exceeded
	"55": KindConflict,   // object not in prerequisite state: in use, locked
	"57": KindConnection, // operator intervention: shutdown, crash, not yet started
	"58": KindConnection, // system error
	"72": KindConflict,   // snapshot too old
	"F0": KindConnection, // configuration file error
	"HV": KindQuery,      // foreign data wrapper error
	"P0": KindQuery,      // PL/pgSQL error
	"XX": KindConnection, // internal error
}
