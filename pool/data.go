package pool

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// SQLState returns the code of Postgres' error inside err, or "".
func SQLState(err error) string {
	var server *pgconn.PgError
	if errors.As(err, &server) {
		return server.Code
	}
	return ""
}

// Rule returns the text of Postgres' error that names the broken rule. Its
// detail, hint and context, which can quote the refused value, are left out.
// Codes whose text itself quotes the value give "".
func Rule(err error) string {
	var server *pgconn.PgError
	if !errors.As(err, &server) || class(server.Code) == "22" {
		return ""
	}
	return server.Message
}

// class returns the class of a SQLSTATE.
func class(code string) string { return code[:min(2, len(code))] }
