package schema

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// state is what has been applied to a schema.
type state struct {
	version        int32 // the highest number applied; 0 if there are no tables
	compatibleFrom int32 // the oldest build, by its Latest, that can work with the tables
	applied        map[int32]bool
	definitions    string // hash of the views and functions
}

// querier is a connection or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

func readState(ctx context.Context, db querier, name string) (state, error) {
	s := state{applied: map[int32]bool{}}
	var before, now bool
	// Not to_regclass: its cache may not have heard yet of tables that another replica
	// has just made.
	err := db.QueryRow(ctx, `SELECT coalesce(bool_or(c.relname = $2), false), coalesce(bool_or(c.relname = $3), false)
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1`,
		name, versionTable, definitionsTable).Scan(&before, &now)
	if err != nil || !before {
		return s, err
	}
	if err := db.QueryRow(ctx, "SELECT max(version) FROM "+Table(name, versionTable)).Scan(&s.version); err != nil || !now {
		return s, err
	}
	rows, err := db.Query(ctx, "SELECT number, compatible_from FROM "+Table(name, migrationsTable))
	if err != nil {
		return s, err
	}
	var number, from int32
	_, err = pgx.ForEachRow(rows, []any{&number, &from}, func() error {
		s.applied[number] = true
		s.version = max(s.version, number)
		s.compatibleFrom = max(s.compatibleFrom, from)
		return nil
	})
	if err != nil {
		return s, err
	}
	err = db.QueryRow(ctx, "SELECT coalesce(max(hash), '') FROM "+Table(name, definitionsTable)).Scan(&s.definitions)
	return s, err
}

// missing lists the migrations to apply.
func (s *state) missing() (list []migration) {
	for _, m := range migrations {
		if !s.applied[m.number] && (m.number > lastOfBefore || m.number > s.version) {
			list = append(list, m)
		}
	}
	return list
}

// upToDate reports whether there is nothing to do. An older build leaves the views and
// functions of a newer one alone.
func (s *state) upToDate() bool {
	return s.version > Latest() || len(s.missing()) == 0 && s.definitions == definitionsHash
}

// checkCompatible refuses a schema that this build is too old for.
func (s *state) checkCompatible(name string) error {
	if s.compatibleFrom <= Latest() {
		return nil
	}
	return fmt.Errorf("schema %q is at version %d, which builds before version %d cannot work with, and this build is of version %d: update the collector",
		name, s.version, s.compatibleFrom, Latest())
}
