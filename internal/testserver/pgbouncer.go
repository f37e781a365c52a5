package testserver

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// PgBouncerOptions configures a private PgBouncer in front of a server.
type PgBouncerOptions struct {
	Settings map[string]string // pgbouncer.ini, e.g. pool_mode (default transaction)
}

// PgBouncerServer is a private PgBouncer that serves every database of its PostgreSQL to the superuser.
type PgBouncerServer struct {
	Port int

	pg      *PG
	dir     string
	process *Process
}

// PgBouncer starts a pooler for one test, in transaction mode, and removes it when the test ends.
func PgBouncer(t testing.TB, pg *PG, opts PgBouncerOptions) *PgBouncerServer {
	t.Helper()
	bouncer, err := startPgBouncer(t.Context(), pg, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := bouncer.remove(); err != nil {
			t.Errorf("remove PgBouncer: %v", err)
		}
	})
	return bouncer
}

// URL is the connection string of a database through the pooler.
func (b *PgBouncerServer) URL(database string) string { return b.pg.URLVia(b.Port, database) }

func startPgBouncer(ctx context.Context, pg *PG, opts PgBouncerOptions) (*PgBouncerServer, error) {
	path, err := findPgBouncer()
	if err != nil {
		return nil, err
	}
	b := &PgBouncerServer{pg: pg}
	if b.Port, err = FreePort(); err != nil {
		return nil, err
	}
	if b.dir, err = newDir(pg.owner); err != nil {
		return nil, err
	}
	if err = b.configure(opts); err == nil {
		b.process, err = StartProcess(ProcessOptions{
			Path: path, Args: []string{"pgbouncer.ini"}, Env: serverEnv(), Dir: b.dir,
			LogFile: filepath.Join(b.dir, "pgbouncer.log"), RemoveDir: b.dir, credential: pg.owner,
		})
	}
	if err == nil {
		err = poll(ctx, b.process, readyTimeout, b.accepts)
	}
	if err != nil {
		return nil, errors.Join(err, b.remove())
	}
	return b, nil
}

func findPgBouncer() (string, error) {
	for _, name := range []string{"pgbouncer", "/usr/sbin/pgbouncer"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("pgbouncer: %w; install pgbouncer with apt or brew", ErrNotInstalled)
}

func (b *PgBouncerServer) configure(opts PgBouncerOptions) error {
	settings := map[string]string{
		"listen_addr":       loopback,
		"listen_port":       strconv.Itoa(b.Port),
		"unix_socket_dir":   "",
		"auth_type":         "scram-sha-256",
		"auth_file":         "users.txt",
		"pool_mode":         "transaction",
		"max_client_conn":   "200",
		"default_pool_size": "20",
	}
	maps.Copy(settings, opts.Settings)
	var ini strings.Builder
	fmt.Fprintf(&ini, "[databases]\n* = host=%s port=%d\n[pgbouncer]\n", b.pg.Host, b.pg.Port)
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&ini, "%s = %s\n", key, settings[key])
	}
	users := fmt.Sprintf("%q %q\n", b.pg.User, b.pg.Password)
	if err := os.WriteFile(filepath.Join(b.dir, "pgbouncer.ini"), []byte(ini.String()), 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(b.dir, "users.txt"), []byte(users), 0o600); err != nil {
		return err
	}
	return chownAll(b.dir, b.pg.owner)
}

func (b *PgBouncerServer) accepts(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, b.URL(""))
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

func (b *PgBouncerServer) remove() error {
	var err error
	if b.process != nil {
		err = ignoreExit(b.process.Stop(syscall.SIGTERM, 10*time.Second))
	}
	return errors.Join(err, os.RemoveAll(b.dir))
}
