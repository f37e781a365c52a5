package pool

import "strings"

// problemOfCode says what some of Postgres' error codes mean for whoever runs the server.
var problemOfCode = map[string]string{
	"0A000": "PostgreSQL, or an extension such as Citus, does not support a statement of the exporter",
	"25006": "PostgreSQL is read-only, as a standby is",
	"53100": "The disk of PostgreSQL is full",
	"53200": "PostgreSQL has no memory left",
	"53300": "PostgreSQL has no free connection slot (max_connections, or a limit of the role or the database)",
	"57P03": "PostgreSQL is starting up or shutting down",
}

// problemOfKind says what errors of a kind mean that do not come from Postgres.
var problemOfKind = map[Kind]string{
	KindConnection: "PostgreSQL cannot be reached",
	KindPool:       "All connections of the pool are in use",
	KindTimeout:    "PostgreSQL does not answer in time",
	KindConflict:   "Other transactions keep a batch from being stored",
}

// Problem says in one phrase what an operator has to look at.
func Problem(err error) string {
	code := SQLState(err)
	if text, ok := problemOfCode[code]; ok {
		return text
	}
	if strings.HasPrefix(code, "57P") {
		return "PostgreSQL ends connections"
	}
	if text, ok := problemOfKind[KindOf(err)]; ok && (code == "" || class(code) == "08" || KindOf(err) != KindConnection) {
		return text
	}
	return "PostgreSQL reports an error"
}
