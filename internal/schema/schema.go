// Package schema holds the tables, views and functions of the exporter as SQL files
// that a DBA can read, and brings a database up to them.
//
// Tables are numbered migrations (migrations/NNN_name.sql), each applied once. Views
// and functions are repeatable files (views/, functions/) that hold the one definition
// of each and are applied anew whenever one of them has changed.
package schema

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// minServerVersion is the first Postgres with security_invoker views.
const minServerVersion = 150000

// Latest returns the schema version this build writes to.
func Latest() int32 { return migrations[len(migrations)-1].number }

// Version returns the version of the tables in schema name; 0 when there are
// none.
func Version(ctx context.Context, conn *pgx.Conn, name string) (int32, error) {
	s, err := readState(ctx, conn, name)
	return s.version, err
}

// Check returns an error that says what is missing unless this build can work with
// the tables in schema name.
func Check(ctx context.Context, conn *pgx.Conn, name string) error {
	if err := checkServer(ctx, conn); err != nil {
		return err
	}
	s, err := readState(ctx, conn, name)
	if err != nil {
		return err
	}
	if err := s.checkCompatible(name); err != nil {
		return err
	}
	if s.version > Latest() {
		return nil
	}
	var lacks []string
	for _, m := range s.missing() {
		lacks = append(lacks, m.file)
	}
	if len(lacks) == 0 && s.definitions != definitionsHash {
		lacks = append(lacks, "the views and functions of this build")
	}
	if len(lacks) > 0 {
		return fmt.Errorf("schema %q is at version %d and lacks %s: start a collector of this build as its owner with create_schema: true",
			name, s.version, strings.Join(lacks, ", "))
	}
	return nil
}

func checkServer(ctx context.Context, conn *pgx.Conn) error {
	var version int
	var encoding string
	err := conn.QueryRow(ctx, "SELECT current_setting('server_version_num')::int, current_setting('server_encoding')").Scan(&version, &encoding)
	switch {
	case err != nil:
		return err
	case version < minServerVersion:
		return fmt.Errorf("server version %d is too old: PostgreSQL %d or later is needed", version/10000, minServerVersion/10000)
	case encoding != "UTF8":
		return fmt.Errorf("the database's encoding is %s, which cannot hold all text: create one with TEMPLATE template0 ENCODING 'UTF8'", encoding)
	}
	return nil
}

// Table returns the qualified, quoted name of a table of schema name.
func Table(name, table string) string { return pgx.Identifier{name, table}.Sanitize() }

// Literal quotes s as an SQL string, for places where SQL needs the schema's name
// as a value.
func Literal(s string) string {
	return "E'" + strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(s) + "'"
}
