package testserver

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// sharedPostgres is the one server that NewDatabase uses; its guard ends it with the program.
var sharedPostgres = sync.OnceValues(func() (*PG, error) {
	return StartPostgres(context.Background(), PostgresOptions{
		Settings: map[string]string{"max_connections": "300"},
	})
})

// NewDatabase creates an empty database for one test and returns its URL. It lies in the server of
// DATABASE_URL or else in a private one that all tests of the program share, and is dropped when the test
// ends.
func NewDatabase(t testing.TB) string {
	t.Helper()
	server := os.Getenv("DATABASE_URL")
	if server == "" {
		pg, err := sharedPostgres()
		if err != nil {
			t.Fatal(err)
		}
		server = pg.URL("")
	}
	return newDatabase(t, server, "")
}

// template is the database that NewCopy copies, in the program's own server.
var template struct {
	sync.Once
	name string
	err  error
}

// NewCopy is NewDatabase for a database in which prepare, the same function in each call, has worked. In
// the program's own server it works once, and tests get copies, which take a tenth of the time of a
// migration.
func NewCopy(t testing.TB, prepare func(ctx context.Context, url string) error) string {
	t.Helper()
	if os.Getenv("DATABASE_URL") != "" {
		url := NewDatabase(t)
		if err := prepare(t.Context(), url); err != nil {
			t.Fatal(err)
		}
		return url
	}
	pg, err := sharedPostgres()
	if err != nil {
		t.Fatal(err)
	}
	template.Do(func() {
		var database string
		if database, template.name, _, template.err = createDatabase(t.Context(), pg.URL(""), ""); template.err == nil {
			template.err = prepare(t.Context(), database)
		}
	})
	if template.err != nil {
		t.Fatal(template.err)
	}
	return newDatabase(t, pg.URL(""), template.name)
}

// NewDatabase creates an empty database for one test and returns its URL.
func (pg *PG) NewDatabase(t testing.TB) string {
	t.Helper()
	return newDatabase(t, pg.URL(""), "")
}

func newDatabase(t testing.TB, server, template string) string {
	t.Helper()
	database, _, drop, err := createDatabase(t.Context(), server, template)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// A test that stopped its own server leaves nothing to drop.
		var refused *pgconn.ConnectError
		if err := drop(); err != nil && !errors.As(err, &refused) {
			t.Errorf("drop the test's database: %v", err)
		}
	})
	return database
}

// CreateDatabase creates an empty database with a name of its own in the server that a URL leads to. It
// returns the new database's URL and a function that drops it, ending the sessions that still use it.
func CreateDatabase(ctx context.Context, server string) (string, func() error, error) {
	database, _, drop, err := createDatabase(ctx, server, "")
	return database, drop, err
}

// createDatabase is CreateDatabase for a copy of a template; "": an empty one.
func createDatabase(ctx context.Context, server, template string) (database, name string, drop func() error, err error) {
	target, err := url.Parse(server)
	if err != nil {
		return "", "", nil, errors.New("the server's URL is malformed") // the error would quote the password
	}
	name = "llmobs_" + randomHex(6)
	create := "CREATE DATABASE " + name
	if template != "" {
		create += " TEMPLATE " + template
	}
	if err := execute(ctx, server, create); err != nil {
		return "", "", nil, err
	}
	target.Path = "/" + name
	drop = func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		return execute(ctx, server, "DROP DATABASE "+name+" WITH (FORCE)")
	}
	return target.String(), name, drop, nil
}

func execute(ctx context.Context, server, sql string) error {
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, sql)
	if err != nil {
		err = fmt.Errorf("%s: %w", sql, err)
	}
	return errors.Join(err, conn.Close(ctx))
}

func sqlState(err error) string {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return refused.Code
	}
	return ""
}
