package pool

import (
	"crypto/tls"
	"errors"
	"net"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Hint says what to do about an error, by SQLSTATE and type.
func Hint(err error, database string) string {
	var server *pgconn.PgError
	if errors.As(err, &server) {
		return hintForSQLState(server.Code, database)
	}
	var certificate *tls.CertificateVerificationError
	var name *net.DNSError
	switch {
	case errors.As(err, &certificate):
		return "check postgres::tls::ca_file, and with ssl_mode verify-full that the certificate is for postgres::host"
	case errors.As(err, &name):
		return "check postgres::host (DB_HOST): no such name"
	}
	switch KindOf(err) {
	case KindConfig:
		return "check postgres::ssl_mode (DB_SSL_MODE): the server refuses TLS, or the client refuses the server; prefer takes what there is"
	case KindTimeout:
		return "the server does not answer: check postgres::host and port, firewalls, and pool::connect_timeout"
	case KindPool:
		return "raise pool::max_connections (DB_POOL_MAX_CONNECTIONS)"
	}
	return "is PostgreSQL running, and listening at postgres::host and port (DB_HOST, DB_PORT)?"
}

func hintForSQLState(code, database string) string {
	switch code {
	case "28P01":
		return "check postgres::username and password (DB_USER, DB_PASSWORD)"
	case "28000":
		return "check postgres::username (DB_USER) and the server's pg_hba.conf"
	case "3D000":
		return "CREATE DATABASE " + pgx.Identifier{database}.Sanitize() + ", or name another in postgres::database (DB_NAME)"
	case "42501":
		return "grant the role what it needs: CONNECT on the database, USAGE on the schema, SELECT on its tables"
	case "53300":
		return "the server has no connection left: raise its max_connections or lower pool::max_connections"
	case "57P03":
		return "the server is starting up or shutting down: try again"
	}
	return "see SQLSTATE " + code + " in the PostgreSQL manual"
}
