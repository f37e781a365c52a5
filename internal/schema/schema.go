// Package schema holds the tables, views and functions of the exporter as
// numbered SQL migrations that a DBA can read and run, and applies them.
package schema

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/tern/v2/migrate"
)

//go:embed migrations/*.sql
var embedded embed.FS

// VersionTable is the table, in the configured schema, that holds the number
// of the last migration applied.
const VersionTable = "llm_schema_version"

// minServerVersion is the first Postgres with security_invoker views.
const minServerVersion = 150000

// Latest returns the schema version this build writes to.
func Latest() int32 {
	names, err := migrate.FindMigrations(migrations())
	if err != nil {
		panic(err) // the embedded files are numbered wrongly: a build fault
	}
	return int32(len(names))
}

// Version returns the version of the tables in schema name; 0 when there are
// none.
func Version(ctx context.Context, conn *pgx.Conn, name string) (int32, error) {
	var there bool
	if err := conn.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", Table(name, VersionTable)).Scan(&there); err != nil || !there {
		return 0, err
	}
	var version int32
	err := conn.QueryRow(ctx, "SELECT version FROM "+Table(name, VersionTable)).Scan(&version)
	return version, err
}

// Table returns the qualified, quoted name of a table of schema name.
func Table(name, table string) string { return pgx.Identifier{name, table}.Sanitize() }

// Migrate brings the tables in schema name up to Latest, creating the schema
// if need be. Several processes may do so at once: one works, the others wait
// and find nothing left to do. All is done in one transaction, which also
// works through PgBouncer in transaction mode.
func Migrate(ctx context.Context, conn *pgx.Conn, name string) error {
	if err := checkServer(ctx, conn); err != nil {
		return err
	}
	version, err := Version(ctx, conn, name)
	if err != nil {
		return err
	}
	if version == Latest() {
		return nil
	}
	if version > Latest() {
		return newerError(name, version)
	}
	return pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", name+".llm_schema"); err != nil {
			return err
		}
		if err := createSchema(ctx, tx, name); err != nil {
			return err
		}
		return migrateInTx(ctx, tx, name)
	})
}

// Check returns an error that says what is missing unless the tables in schema
// name are at Latest.
func Check(ctx context.Context, conn *pgx.Conn, name string) error {
	if err := checkServer(ctx, conn); err != nil {
		return err
	}
	version, err := Version(ctx, conn, name)
	switch {
	case err != nil:
		return err
	case version > Latest():
		return newerError(name, version)
	case version < Latest():
		names, _ := migrate.FindMigrations(migrations())
		return fmt.Errorf("schema %q is at version %d and lacks %s: apply these migrations as its owner, or set create_schema: true",
			name, version, strings.Join(names[version:], ", "))
	}
	return nil
}

func newerError(name string, version int32) error {
	return fmt.Errorf("schema %q is at version %d, newer than the version %d that this build knows: update the collector", name, version, Latest())
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

// createSchema does not rely on IF NOT EXISTS alone, since that asks for the
// right to create even when nothing is to be created.
func createSchema(ctx context.Context, tx pgx.Tx, name string) error {
	var there bool
	if err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)", name).Scan(&there); err != nil || there {
		return err
	}
	_, err := tx.Exec(ctx, "CREATE SCHEMA "+pgx.Identifier{name}.Sanitize())
	return err
}

// migrateInTx runs tern inside tx, all migrations at once. Tern takes a session lock of its own; were
// it to fail, the lock must not stay with a pooled server connection.
func migrateInTx(ctx context.Context, tx pgx.Tx, name string) error {
	if _, err := tx.Exec(ctx, "SAVEPOINT llm_migrate"); err != nil {
		return err
	}
	err := migrateTo(ctx, tx.Conn(), name, Latest())
	if err != nil {
		_, rollback := tx.Exec(ctx, "ROLLBACK TO SAVEPOINT llm_migrate")
		if rollback == nil {
			_, rollback = tx.Exec(ctx, "SELECT pg_advisory_unlock_all()")
		}
		return errors.Join(err, rollback)
	}
	return nil
}

func migrateTo(ctx context.Context, conn *pgx.Conn, name string, version int32) error {
	m, err := migrate.NewMigratorEx(ctx, conn, Table(name, VersionTable), &migrate.MigratorOptions{DisableTx: true})
	if err != nil {
		return err
	}
	m.Data["schema"] = pgx.Identifier{name}.Sanitize()
	m.Data["schema_literal"] = Literal(name)
	if err := m.LoadMigrations(migrations()); err != nil {
		return err
	}
	err = m.MigrateTo(ctx, version)
	var failed migrate.MigrationPgError
	if errors.As(err, &failed) {
		return fmt.Errorf("migration %s failed: %w", failed.MigrationName, failed.PgError)
	}
	return err
}

func migrations() fs.FS {
	sub, err := fs.Sub(embedded, "migrations")
	if err != nil {
		panic(err) // the path is a constant of this file
	}
	return sub
}

// Literal quotes s as an SQL string, for places where SQL needs the schema's name
// as a value.
func Literal(s string) string {
	return "E'" + strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(s) + "'"
}
