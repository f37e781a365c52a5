package testserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
)

// citusWorkers is how many workers a cluster has.
const citusWorkers = 2

// Citus starts a coordinator with two workers for one test and returns the servers, the coordinator first.
// The test is skipped where no installed PostgreSQL has the extension.
func Citus(t testing.TB) []*PG {
	t.Helper()
	major, err := findCitus()
	if errors.Is(err, ErrNotInstalled) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	servers := make([]*PG, 1+citusWorkers)
	for i := range servers {
		servers[i] = Postgres(t, PostgresOptions{
			Version: major,
			Settings: map[string]string{
				"shared_preload_libraries":  "citus",
				"max_connections":           "200",
				"max_prepared_transactions": "200",
				"wal_level":                 "logical",
				"citus.local_hostname":      loopback,
			},
			// The servers open connections to one another.
			HBA: []string{"local all all trust", "host all all 127.0.0.1/32 trust"},
		})
	}
	if err := joinCluster(t.Context(), servers); err != nil {
		t.Fatal(err)
	}
	return servers
}

// joinCluster makes the first server the coordinator of the others.
func joinCluster(ctx context.Context, servers []*PG) error {
	for _, pg := range servers {
		if err := execute(ctx, pg.URL(""), "CREATE EXTENSION citus"); err != nil {
			return err
		}
	}
	coordinator := servers[0]
	conn, err := pgx.Connect(ctx, coordinator.URL(""))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "SELECT citus_set_coordinator_host($1, $2)", coordinator.Host, coordinator.Port)
	for _, worker := range servers[1:] {
		if err == nil {
			_, err = conn.Exec(ctx, "SELECT citus_add_node($1, $2)", worker.Host, worker.Port)
		}
	}
	return errors.Join(err, conn.Close(ctx))
}

// findCitus returns the major version of the first installed PostgreSQL that has the extension.
func findCitus() (major int, err error) {
	for _, dir := range postgresDirs() {
		for _, library := range []string{"lib/citus.so", "lib/postgresql/citus.so", "lib/citus.dylib", "lib/postgresql/citus.dylib"} {
			if _, err := os.Stat(filepath.Join(filepath.Dir(dir), library)); err == nil {
				return postgresMajor(dir)
			}
		}
	}
	return 0, fmt.Errorf("the extension citus: %w", ErrNotInstalled)
}
