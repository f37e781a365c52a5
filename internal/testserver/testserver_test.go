package testserver_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func TestNewDatabaseIsEmptyAndPrivate(t *testing.T) {
	first, second := testserver.NewDatabase(t), testserver.NewDatabase(t)
	_, err := connect(t, first).Exec(t.Context(), "CREATE TABLE mine (id int)")
	require.NoError(t, err)
	var table *string
	require.NoError(t, connect(t, second).QueryRow(t.Context(), "SELECT to_regclass('mine')::text").Scan(&table))
	require.Nil(t, table)
}

func TestPostgresKeepsPortAndDataAcrossKillAndStart(t *testing.T) {
	pg := testserver.Postgres(t, testserver.PostgresOptions{Settings: map[string]string{"work_mem": "5MB"}})
	conn := connect(t, pg.URL(""))
	_, err := conn.Exec(t.Context(), "CREATE TABLE kept AS SELECT 1 AS id")
	require.NoError(t, err)
	require.NoError(t, pg.Kill())
	_, err = pgx.Connect(t.Context(), pg.URL(""))
	require.Error(t, err)
	require.NoError(t, pg.Start(t.Context()))
	var workMem string
	require.NoError(t, connect(t, pg.URL("")).QueryRow(t.Context(), "SELECT current_setting('work_mem') FROM kept").Scan(&workMem))
	require.Equal(t, "5MB", workMem)
}

func TestPostgresWantsItsPassword(t *testing.T) {
	pg := testserver.Postgres(t, testserver.PostgresOptions{})
	_, err := pgx.Connect(t.Context(), strings.Replace(pg.URL(""), pg.Password, "wrong", 1))
	var refused *pgconn.PgError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "28P01", refused.Code)
}

func TestPostgres18(t *testing.T) {
	pg, err := testserver.StartPostgres(t.Context(), testserver.PostgresOptions{Version: 18})
	if errors.Is(err, testserver.ErrNotInstalled) {
		t.Skip("make postgres18 installs it where npm is present:", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pg.Remove()) })
	var version int
	require.NoError(t, connect(t, pg.NewDatabase(t)).QueryRow(t.Context(), "SELECT current_setting('server_version_num')::int/10000").Scan(&version))
	require.Equal(t, 18, version)
}

func TestPostgresServesTLS(t *testing.T) {
	authority := testserver.NewAuthority(t)
	pg := testserver.Postgres(t, testserver.PostgresOptions{TLS: authority.Issue(testserver.CertificateOptions{})})
	verify := "?sslmode=verify-full&sslrootcert="
	connect(t, pg.URL("")+verify+authority.CAFile)
	_, err := pgx.Connect(t.Context(), pg.URL("")+verify+testserver.NewAuthority(t).CAFile)
	require.ErrorContains(t, err, "certificate")
}

func TestReplicaFollowsPrimary(t *testing.T) {
	primary := testserver.Postgres(t, testserver.PostgresOptions{})
	replica := testserver.Postgres(t, testserver.PostgresOptions{ReplicaOf: primary})
	_, err := connect(t, primary.URL("")).Exec(t.Context(), "CREATE TABLE copied (id int)")
	require.NoError(t, err)
	conn := connect(t, replica.URL(""))
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		var copied, recovering bool
		err := conn.QueryRow(t.Context(), "SELECT to_regclass('copied') IS NOT NULL, pg_is_in_recovery()").Scan(&copied, &recovering)
		require.NoError(c, err)
		require.True(c, copied && recovering)
	}, 20*time.Second, 50*time.Millisecond)
}

func TestPgBouncerPools(t *testing.T) {
	pg := testserver.Postgres(t, testserver.PostgresOptions{})
	bouncer := testserver.PgBouncer(t, pg, testserver.PgBouncerOptions{})
	connect(t, bouncer.URL("postgres"))
}

func TestRedisPausesAndComesBackEmpty(t *testing.T) {
	server := testserver.Redis(t, testserver.RedisOptions{Password: "secret"})
	options, err := redis.ParseURL(server.URL())
	require.NoError(t, err)
	options.MaxRetries, options.ReadTimeout = -1, 2*time.Second
	client := redis.NewClient(options)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	require.NoError(t, client.Set(t.Context(), "key", "value", 0).Err())
	require.NoError(t, server.Pause())
	require.Error(t, client.Get(t.Context(), "key").Err())
	require.NoError(t, server.Resume())
	require.NoError(t, server.Kill())
	require.NoError(t, server.Start(t.Context()))
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		require.ErrorIs(c, client.Get(t.Context(), "key").Err(), redis.Nil)
	}, time.Minute, 20*time.Millisecond)
}

func TestRedisServesTLS(t *testing.T) {
	authority := testserver.NewAuthority(t)
	server := testserver.Redis(t, testserver.RedisOptions{TLS: authority.Issue(testserver.CertificateOptions{})})
	require.True(t, strings.HasPrefix(server.URL(), "rediss://"))
	conn, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(server.URL(), "rediss://"), "/0"))
	require.NoError(t, err)
	require.NoError(t, conn.Close())
}

// helperEnv makes the test binary start a server, say where, and wait to be killed.
const helperEnv = "TESTSERVER_HELPER"

func TestMain(m *testing.M) {
	if os.Getenv(helperEnv) == "" {
		os.Exit(m.Run())
	}
	server, err := testserver.StartRedis(context.Background(), testserver.RedisOptions{})
	if err != nil {
		panic(err)
	}
	_, _ = os.Stdout.WriteString(strings.TrimSuffix(strings.TrimPrefix(server.URL(), "redis://"), "/0"))
	_ = os.Stdout.Close()
	select {}
}

func TestServersEndWithAKilledProgram(t *testing.T) {
	program := exec.Command(os.Args[0])
	program.Env = append(os.Environ(), helperEnv+"=1")
	out, err := program.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, program.Start())
	address, err := io.ReadAll(out)
	require.NoError(t, err)
	require.NoError(t, dial(string(address)))
	require.NoError(t, program.Process.Kill())
	_ = program.Wait()
	require.Eventually(t, func() bool { return dial(string(address)) != nil }, time.Minute, 20*time.Millisecond)
}

func dial(address string) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	return conn.Close()
}

func TestProxyCutsBeforeAndAfterCommit(t *testing.T) {
	pg := testserver.Postgres(t, testserver.PostgresOptions{})
	_, err := connect(t, pg.URL("")).Exec(t.Context(), "CREATE TABLE sent (id int)")
	require.NoError(t, err)
	proxy := pg.Proxy(t)

	lost := proxy.CutOnRequest("commit\x00")
	require.Error(t, insert(t, pg.URLVia(proxy.Port, ""), 1))
	<-lost
	unknown := proxy.CutOnReply("COMMIT\x00")
	require.Error(t, insert(t, pg.URLVia(proxy.Port, ""), 2))
	<-unknown
	require.NoError(t, insert(t, pg.URLVia(proxy.Port, ""), 3))

	var ids []int
	require.NoError(t, connect(t, pg.URL("")).QueryRow(t.Context(), "SELECT array_agg(id ORDER BY id) FROM sent").Scan(&ids))
	require.Equal(t, []int{2, 3}, ids)
}

func insert(t *testing.T, url string, id int) error {
	conn := connect(t, url)
	tx, err := conn.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "INSERT INTO sent VALUES ($1)", id)
	require.NoError(t, err)
	return tx.Commit(t.Context())
}

func TestProxyCutsHangsAndResumes(t *testing.T) {
	echo, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, echo.Close()) })
	go serveEcho(echo)
	proxy := testserver.NewProxy(t, echo.Addr().String())

	conn, err := net.Dial("tcp", proxy.Address())
	require.NoError(t, err)
	require.NoError(t, roundTrip(conn, 20*time.Second))
	proxy.Hang()
	require.ErrorIs(t, roundTrip(conn, 50*time.Millisecond), os.ErrDeadlineExceeded)
	proxy.Resume()
	held := make([]byte, 4)
	require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	_, err = io.ReadFull(conn, held)
	require.NoError(t, err)
	proxy.Cut()
	require.Error(t, roundTrip(conn, 20*time.Second))
	require.NoError(t, conn.Close())
	proxy.Resume()
	conn, err = net.Dial("tcp", proxy.Address())
	require.NoError(t, err)
	require.NoError(t, roundTrip(conn, 20*time.Second))
	require.NoError(t, conn.Close())
}

func serveEcho(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			_, _ = io.Copy(conn, conn)
		}()
	}
}

func roundTrip(conn net.Conn, limit time.Duration) error {
	if err := conn.SetDeadline(time.Now().Add(limit)); err != nil {
		return err
	}
	if _, err := conn.Write([]byte("ping")); err != nil {
		return err
	}
	answer := make([]byte, 4)
	if _, err := io.ReadFull(conn, answer); err != nil {
		return err
	}
	if !bytes.Equal(answer, []byte("ping")) {
		return errors.New("the echo differs")
	}
	return nil
}

// TestNoPortIsGivenTwice chooses ports that nothing listens on meanwhile.
func TestNoPortIsGivenTwice(t *testing.T) {
	given := map[int]bool{}
	for range 1000 {
		port, err := testserver.FreePort()
		require.NoError(t, err)
		require.False(t, given[port], port)
		given[port] = true
	}
}
