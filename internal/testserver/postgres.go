package testserver

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
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

// readyTimeout is how long a server may take to accept connections; generous, as machines in CI are slow.
const readyTimeout = 60 * time.Second

// PostgresOptions configures a private PostgreSQL. The zero value is a good test server: any installed
// version, scram passwords, no fsync.
type PostgresOptions struct {
	Version  int               // major version; 0 is the first found
	Settings map[string]string // postgresql.conf
	HBA      []string          // replaces the lines of pg_hba.conf
	Durable  bool              // leave fsync and full_page_writes on
	TLS      *Certificate      // serve TLS with it; client certificates are checked against its authority
	// Dir is where data, socket and log go; the caller removes it. Empty means a temporary directory that
	// Stop leaves and Remove deletes.
	Dir string
	// ReplicaOf makes this server a streaming replica of another one.
	ReplicaOf *PG
}

// PG is a private PostgreSQL server. Its fields stay the same across Stop and Start.
type PG struct {
	Host     string // 127.0.0.1
	Port     int
	User     string // a superuser
	Password string
	Dir      string // holds the unix socket, the log and, as "data", the data directory
	BinDir   string // where its initdb, pg_ctl and so on lie

	ownsDir bool
	owner   *syscall.Credential
	process *Process
}

// Postgres starts a server for one test and removes it when the test ends.
func Postgres(t testing.TB, opts PostgresOptions) *PG {
	t.Helper()
	pg, err := StartPostgres(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pg.Remove(); err != nil {
			t.Errorf("remove PostgreSQL: %v", err)
		}
	})
	return pg
}

// StartPostgres starts a server and returns once it accepts connections. The error wraps ErrNotInstalled
// if the machine has no such version.
func StartPostgres(ctx context.Context, opts PostgresOptions) (*PG, error) {
	pg, err := newPostgres(opts)
	if err == nil {
		err = pg.Start(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, pg.Remove())
	}
	return pg, nil
}

// newPostgres prepares everything but the process. The result is never nil, so that it can be removed.
func newPostgres(opts PostgresOptions) (*PG, error) {
	pg := &PG{Host: loopback, User: "postgres"}
	bin, err := findPostgres(opts.Version)
	if err != nil {
		return pg, err
	}
	if pg.owner, err = serverUser(); err != nil {
		return pg, err
	}
	if pg.Port, err = FreePort(); err != nil {
		return pg, err
	}
	if pg.Dir = opts.Dir; pg.Dir == "" {
		pg.ownsDir = true
		if pg.Dir, err = newDir(pg.owner); err != nil {
			return pg, err
		}
	}
	if pg.BinDir, err = reachablePostgres(bin, pg.Dir, pg.owner); err != nil {
		return pg, err
	}
	if opts.ReplicaOf != nil {
		err = pg.copyPrimary(opts.ReplicaOf)
	} else {
		err = pg.copyTemplate(bin)
	}
	if err != nil {
		return pg, err
	}
	return pg, pg.configure(opts)
}

func (pg *PG) dataDir() string { return filepath.Join(pg.Dir, "data") }

// configure writes postgresql.conf, pg_hba.conf and the certificate into the data directory.
func (pg *PG) configure(opts PostgresOptions) error {
	settings := map[string]string{
		"listen_addresses":        loopback,
		"port":                    strconv.Itoa(pg.Port),
		"unix_socket_directories": pg.Dir,
		"timezone":                "UTC",
		"log_timezone":            "UTC",
		"max_wal_size":            "1GB",
	}
	if !opts.Durable {
		settings["fsync"], settings["full_page_writes"] = "off", "off"
	}
	if opts.TLS != nil {
		settings["ssl"] = "on"
		settings["ssl_cert_file"], settings["ssl_key_file"], settings["ssl_ca_file"] = "server.crt", "server.key", "ca.crt"
		if err := opts.TLS.install(pg.dataDir()); err != nil {
			return err
		}
	}
	maps.Copy(settings, opts.Settings)
	var conf strings.Builder
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&conf, "%s = '%s'\n", key, strings.ReplaceAll(settings[key], "'", "''"))
	}
	if err := appendFile(filepath.Join(pg.dataDir(), "postgresql.conf"), conf.String()); err != nil {
		return err
	}
	if opts.HBA != nil {
		lines := strings.Join(opts.HBA, "\n") + "\n"
		if err := os.WriteFile(filepath.Join(pg.dataDir(), "pg_hba.conf"), []byte(lines), 0o600); err != nil {
			return err
		}
	}
	return chownAll(pg.dataDir(), pg.owner)
}

// Start starts a stopped server on its old port and returns once it accepts connections. A server that
// had been killed recovers first.
func (pg *PG) Start(ctx context.Context) error {
	removeDir := ""
	if pg.ownsDir {
		removeDir = pg.Dir
	}
	process, err := StartProcess(ProcessOptions{
		Path:       filepath.Join(pg.BinDir, "postgres"),
		Args:       []string{"-D", pg.dataDir()},
		Env:        serverEnv(),
		Dir:        pg.Dir,
		LogFile:    filepath.Join(pg.Dir, "postgres.log"),
		RemoveDir:  removeDir,
		credential: pg.owner,
	})
	if err != nil {
		return err
	}
	pg.process = process
	return poll(ctx, process, readyTimeout, pg.accepts)
}

// accepts returns nil once the server answers, even if the answer is that it wants other credentials.
func (pg *PG) accepts(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, pg.socketURL())
	if err == nil {
		return conn.Close(ctx)
	}
	if state := sqlState(err); strings.HasPrefix(state, "28") || state == "53300" {
		return nil
	}
	return err
}

// Stop is a fast shutdown: sessions are ended, the data is written out.
func (pg *PG) Stop() error { return pg.stop(syscall.SIGINT) }

// Configure appends settings, which the next start or reload reads and which win over those of before.
func (pg *PG) Configure(settings map[string]string) error {
	var conf strings.Builder
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&conf, "%s = '%s'\n", key, strings.ReplaceAll(settings[key], "'", "''"))
	}
	return appendFile(filepath.Join(pg.dataDir(), "postgresql.auto.conf"), conf.String())
}

// Address is "host:port".
func (pg *PG) Address() string { return net.JoinHostPort(pg.Host, strconv.Itoa(pg.Port)) }

// Run runs one of PostgreSQL's own programs, such as pg_dump, as the user of the server.
func (pg *PG) Run(program string, args ...string) error { return pg.run(program, args...) }

// Kill is an immediate shutdown: all processes end at once, and the next Start recovers from the WAL.
func (pg *PG) Kill() error { return ignoreExit(pg.stop(syscall.SIGQUIT)) }

func (pg *PG) stop(sig os.Signal) error {
	if pg.process == nil {
		return nil
	}
	return pg.process.Stop(sig, 30*time.Second)
}

// Restart is Stop and Start.
func (pg *PG) Restart(ctx context.Context) error {
	if err := pg.Stop(); err != nil {
		return err
	}
	return pg.Start(ctx)
}

// Remove stops the server and deletes its temporary directory.
func (pg *PG) Remove() error {
	err := pg.Kill()
	if pg.ownsDir && pg.Dir != "" {
		err = errors.Join(err, os.RemoveAll(pg.Dir))
	}
	return err
}

// Log is the server's log so far.
func (pg *PG) Log() string { return pg.process.Log() }

// Process gives access to the postmaster, for tests that stop it with signals.
func (pg *PG) Process() *Process { return pg.process }

// URL is the connection string of a database; "" means postgres.
func (pg *PG) URL(database string) string {
	return pg.urlWith(pg.Address(), database)
}

// URLVia is URL through a proxy or a pooler that listens on 127.0.0.1:port.
func (pg *PG) URLVia(port int, database string) string {
	return pg.urlWith(net.JoinHostPort(loopback, strconv.Itoa(port)), database)
}

func (pg *PG) urlWith(address, database string) string {
	if database == "" {
		database = "postgres"
	}
	return (&url.URL{
		Scheme: "postgresql",
		User:   url.UserPassword(pg.User, pg.Password),
		Host:   address,
		Path:   "/" + database,
	}).String()
}

func (pg *PG) socketURL() string {
	return fmt.Sprintf("host=%s port=%d user=%s password=%s dbname=postgres", pg.Dir, pg.Port, pg.User, pg.Password)
}

// copyTemplate fills the data directory from an initdb that is run once per checkout and version and kept,
// with its superuser's password, below build/.
func (pg *PG) copyTemplate(bin string) error {
	root, err := ModuleRoot()
	if err != nil {
		return err
	}
	template := filepath.Join(root, "build", "initdb", strings.ReplaceAll(strings.Trim(bin, "/"), "/", "-"))
	if _, err := os.Stat(template); err != nil {
		if err := pg.makeTemplate(template); err != nil {
			return err
		}
	}
	password, err := os.ReadFile(filepath.Join(template, "password"))
	if err != nil {
		return err
	}
	pg.Password = string(password)
	if err := os.CopyFS(pg.dataDir(), os.DirFS(filepath.Join(template, "data"))); err != nil {
		return err
	}
	return os.Chmod(pg.dataDir(), 0o700)
}

// makeTemplate builds the template aside and renames it, because several programs may want it at once; the
// first one wins.
func (pg *PG) makeTemplate(template string) error {
	work, err := newDir(pg.owner)
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := pg.initdb(work); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(template), 0o755); err != nil {
		return err
	}
	staged := template + "." + randomHex(4)
	if err := os.CopyFS(staged, os.DirFS(work)); err != nil {
		return err
	}
	if err := os.Rename(staged, template); err != nil {
		return os.RemoveAll(staged)
	}
	return nil
}

// initdb makes work/data, with work/password.
func (pg *PG) initdb(work string) error {
	passwordFile := filepath.Join(work, "password")
	if err := os.WriteFile(passwordFile, []byte(randomHex(12)), 0o600); err != nil {
		return err
	}
	if err := chownAll(passwordFile, pg.owner); err != nil {
		return err
	}
	return pg.run("initdb", "--pgdata", filepath.Join(work, "data"), "--username", pg.User, "--pwfile", passwordFile,
		"--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync")
}

// copyPrimary takes a base backup that starts as a streaming replica.
func (pg *PG) copyPrimary(primary *PG) error {
	pg.Password = primary.Password
	return pg.run("pg_basebackup", "--pgdata", pg.dataDir(), "--dbname", primary.socketURL(),
		"--write-recovery-conf", "--checkpoint", "fast", "--no-sync")
}

// run runs one of PostgreSQL's own programs as the server user.
func (pg *PG) run(program string, args ...string) error {
	cmd := exec.Command(filepath.Join(pg.BinDir, program), args...)
	cmd.Env, cmd.Dir = serverEnv(), pg.Dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: pg.owner}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", program, err, out)
	}
	return nil
}

// serverEnv keeps the caller's PG* variables and locale away from the servers.
func serverEnv() []string { return []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"} }

func appendFile(path, text string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Close())
}
