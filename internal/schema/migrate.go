package schema

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/llm-observatory/llmobservatoryexporter/internal/price"
	"github.com/llm-observatory/llmobservatoryexporter/internal/sleep"
)

// The tables, in the configured schema, that tell what has been applied. Versions up
// to lastOfBefore are told by versionTable, which builds of before read: they refuse
// any other number, though they work with all that later migrations add. Later steps
// are rows of migrationsTable.
const (
	versionTable     = "llm_schema_version"
	lastOfBefore     = 10
	migrationsTable  = "llm_internal_migrations"
	definitionsTable = "llm_internal_definitions"
)

// A migration waits lockTimeout for a lock, since writers queue up behind it, and then
// lets them pass; it tries so often, with growing pauses between.
const (
	lockTimeout  = time.Second
	lockAttempts = 8
	firstPause   = 500 * time.Millisecond
)

// Migrate brings the tables, views and functions in schema name up to this build,
// creating the schema if need be. Several processes may do so at once: one works, the
// others wait and find nothing left to do. All is done in one transaction, and also works
// through PgBouncer in transaction mode. A newer schema is left as it is.
func Migrate(ctx context.Context, conn *pgx.Conn, name string) error {
	if err := checkServer(ctx, conn); err != nil {
		return err
	}
	pause := firstPause
	for attempt := 1; ; attempt++ {
		s, err := readState(ctx, conn, name)
		if err != nil {
			return err
		}
		if err := s.checkCompatible(name); err != nil || s.upToDate() {
			return err
		}
		err = pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
			return migrateInTx(ctx, tx, name)
		})
		if err == nil {
			attempt, pause = 0, firstPause
			continue // until nothing is left to do
		}
		if !isLockTimeout(err) || attempt == lockAttempts {
			return err
		}
		if ended := sleep.For(ctx, pause+rand.N(pause)); ended != nil {
			return errors.Join(ended, err)
		}
		pause *= 2
	}
}

// isLockTimeout reports whether a lock could not be had, for lock_not_available or
// deadlock_detected.
func isLockTimeout(err error) bool {
	var failed *pgconn.PgError
	return errors.As(err, &failed) && (failed.Code == "55P03" || failed.Code == "40P01")
}

func migrateInTx(ctx context.Context, tx pgx.Tx, name string) error {
	if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", name+".llm_schema"); err != nil {
		return err
	}
	s, err := readState(ctx, tx, name) // others may have been at it
	if err != nil || s.upToDate() {
		return err
	}
	if _, err := tx.Exec(ctx, fmt.Sprintf("SET LOCAL lock_timeout = %d", lockTimeout.Milliseconds())); err != nil {
		return err
	}
	// Literals of migrations have backslashes, which some databases read as escapes.
	if _, err := tx.Exec(ctx, "SET LOCAL standard_conforming_strings = on"); err != nil {
		return err
	}
	if err := createSchema(ctx, tx, name); err != nil {
		return err
	}
	if s.version == 0 {
		if err := checkNotMoved(ctx, tx, name); err != nil {
			return err
		}
	}
	if err := createStateTables(ctx, tx, name); err != nil {
		return err
	}
	missing := s.missing()
	if err := lockAltered(ctx, tx, name, missing); err != nil {
		return err
	}
	for _, m := range missing {
		if err := m.apply(ctx, tx, name); err != nil {
			return err
		}
	}
	if err := price.ReplaceBuiltin(ctx, tx, name); err != nil {
		return fmt.Errorf("cannot store the built-in prices: %w", err)
	}
	return applyDefinitions(ctx, tx, name)
}

// createSchema does not rely on IF NOT EXISTS alone, since that asks for the
// right to create even when nothing is to be created.
func createSchema(ctx context.Context, tx pgx.Tx, name string) error {
	var there bool
	if err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)", name).Scan(&there); err != nil || there {
		return err
	}
	// Citus would have the tables made on a worker, where the first migrations cannot run.
	_, err := tx.Exec(ctx, "SELECT set_config('citus.enable_schema_based_sharding', 'off', true) FROM pg_extension WHERE extname = 'citus'")
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "CREATE SCHEMA "+pgx.Identifier{name}.Sanitize())
	return err
}

// checkNotMoved refuses an empty schema that Citus has on a worker: tables are made first
// and moved then.
func checkNotMoved(ctx context.Context, tx pgx.Tx, name string) error {
	var citus, moved bool
	err := tx.QueryRow(ctx, "SELECT to_regclass('pg_catalog.pg_dist_schema') IS NOT NULL").Scan(&citus)
	if err != nil || !citus {
		return err
	}
	err = tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_dist_schema d JOIN pg_namespace n ON n.oid = d.schemaid WHERE n.nspname = $1)", name).Scan(&moved)
	if err == nil && moved {
		err = fmt.Errorf("schema %[1]q is distributed by Citus and has no tables yet: run SELECT citus_schema_undistribute('%[1]s'), start the collector, and distribute the schema then", name)
	}
	return err
}

// writtenTables are the large tables in the order in which a batch locks rows of them.
var writtenTables = []string{"llm_contents", "llm_events", "llm_traces", "llm_spans"}

// lockAltered locks the tables that migrations alter in the order of batches. A migration
// that altered llm_spans first and llm_traces then would have to give up whenever a batch
// is between the two: the batch has rows of its traces and waits for llm_spans.
func lockAltered(ctx context.Context, tx pgx.Tx, name string, migrations []migration) error {
	for _, table := range writtenTables {
		at := slices.IndexFunc(migrations, func(m migration) bool { return m.alters(table) })
		if at < 0 {
			continue
		}
		var there bool // the migrations themselves may make the table
		err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2)",
			name, table).Scan(&there)
		if err != nil {
			return err
		}
		if !there {
			continue
		}
		if _, err := tx.Exec(ctx, "LOCK TABLE "+Table(name, table)+" IN ACCESS EXCLUSIVE MODE"); err != nil {
			return fmt.Errorf("cannot lock table %s for migration %s: %w", table, migrations[at].file, err)
		}
	}
	return nil
}

func createStateTables(ctx context.Context, tx pgx.Tx, name string) error {
	for _, sql := range []string{
		"CREATE TABLE IF NOT EXISTS " + Table(name, versionTable) + " (version integer PRIMARY KEY)",
		"INSERT INTO " + Table(name, versionTable) + " SELECT 0 WHERE NOT EXISTS (SELECT FROM " + Table(name, versionTable) + ")",
		"CREATE TABLE IF NOT EXISTS " + Table(name, migrationsTable) + ` (
			number          integer PRIMARY KEY,
			file            text NOT NULL,
			compatible_from integer NOT NULL,
			applied_at      timestamptz NOT NULL DEFAULT now())`,
		"CREATE TABLE IF NOT EXISTS " + Table(name, definitionsTable) + ` (
			hash       text PRIMARY KEY,
			applied_at timestamptz NOT NULL DEFAULT now())`,
	} {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// apply runs a migration and notes that it ran.
func (m *migration) apply(ctx context.Context, tx pgx.Tx, name string) error {
	if _, err := tx.Exec(ctx, render(m.text, name), pgx.QueryExecModeSimpleProtocol); err != nil {
		return fmt.Errorf("migration %s failed: %w", m.file, err)
	}
	var err error
	if m.number <= lastOfBefore {
		_, err = tx.Exec(ctx, "UPDATE "+Table(name, versionTable)+" SET version = $1", m.number)
	} else {
		_, err = tx.Exec(ctx, "INSERT INTO "+Table(name, migrationsTable)+" (number, file, compatible_from) VALUES ($1, $2, $3)",
			m.number, m.file, m.compatibleFrom)
	}
	return err
}
