package faults

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// exporterSessions ends all sessions of the exporter and counts them.
const exporterSessions = `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
	WHERE application_name = 'llm-observatory' AND datname = current_database()`

// faulty starts a server and an exporter, breaks something under load, and checks
// that all spans are stored once.
func faulty(t *testing.T, options testserver.PostgresOptions, fault func(pg *testserver.PG, db *pgxpool.Pool, s *subject)) {
	t.Helper()
	t.Parallel()
	pg := testserver.Postgres(t, options)
	database := pg.NewDatabase(t)
	s := start(t, database, nil)
	db := connect(t, database)
	spans := load(t, func() {
		progress(t, db)
		fault(pg, db, s)
		progress(t, db)
	}, s.send)
	requireAll(t, db, spans)
	require.Zero(t, s.logs.FilterMessageSnippet("Dropping data").Len())
}

func TestBackendKilledAmidCopy(t *testing.T) {
	faulty(t, testserver.PostgresOptions{}, func(_ *testserver.PG, db *pgxpool.Pool, s *subject) {
		var pid int
		require.Eventually(t, func() bool {
			pid = number(t.Context(), db, "SELECT pid FROM pg_stat_progress_copy WHERE datname = current_database() LIMIT 1")
			return pid > 0
		}, patience, time.Millisecond)
		require.NoError(t, syscall.Kill(pid, syscall.SIGKILL)) // the server then ends all sessions and recovers
		s.requireStatus(t, componentstatus.StatusRecoverableError)
		s.requireStatus(t, componentstatus.StatusOK)
	})
}

func TestImmediateShutdownUnderLoad(t *testing.T) {
	faulty(t, testserver.PostgresOptions{}, func(pg *testserver.PG, db *pgxpool.Pool, _ *subject) {
		for range 2 {
			require.NoError(t, pg.Kill())
			require.NoError(t, pg.Start(t.Context()))
			progress(t, db)
		}
	})
}

func TestOutage(t *testing.T) {
	faulty(t, testserver.PostgresOptions{}, func(pg *testserver.PG, _ *pgxpool.Pool, s *subject) {
		outage(t, pg, s, 3*time.Second)
	})
}

// outage stops the server for a while.
func outage(t *testing.T, pg *testserver.PG, s *subject, length time.Duration) {
	t.Helper()
	require.NoError(t, pg.Stop())
	s.requireStatus(t, componentstatus.StatusRecoverableError)
	<-time.After(length)
	require.NoError(t, pg.Start(t.Context()))
	s.requireStatus(t, componentstatus.StatusOK)
}

func TestConnectionsExhausted(t *testing.T) {
	options := testserver.PostgresOptions{Settings: map[string]string{"max_connections": "14", "superuser_reserved_connections": "0"}}
	faulty(t, options, func(pg *testserver.PG, db *pgxpool.Pool, s *subject) {
		other := pg.URL("postgres")
		var hogs []*pgx.Conn
		require.Eventually(t, func() bool { // the exporter's sessions end, and others take their places
			if number(t.Context(), db, exporterSessions) < 0 {
				return false
			}
			for {
				conn, err := pgx.Connect(t.Context(), other)
				if err != nil {
					return number(t.Context(), db, `SELECT count(*) FROM pg_stat_activity WHERE application_name = 'llm-observatory'`) == 0
				}
				hogs = append(hogs, conn)
			}
		}, patience, glance)
		s.requireStatus(t, componentstatus.StatusRecoverableError)
		for _, hog := range hogs {
			require.NoError(t, hog.Close(t.Context()))
		}
		s.requireStatus(t, componentstatus.StatusOK)
	})
}

func TestDiskFull(t *testing.T) {
	t.Parallel()
	pg := testserver.Postgres(t, testserver.PostgresOptions{})
	disk := smallDisk(t, pg)
	admin := connect(t, pg.URL(""))
	run(t, admin, fmt.Sprintf("CREATE TABLESPACE small LOCATION '%s'", disk))
	run(t, admin, "CREATE DATABASE full_disk TABLESPACE small")
	s := start(t, pg.URL("full_disk"), nil)
	db := connect(t, pg.URL("full_disk"))
	ballast := filepath.Join(filepath.Dir(disk), "ballast")
	spans := load(t, func() {
		progress(t, db)
		_, err := exec.CommandContext(t.Context(), "dd", "if=/dev/zero", "of="+ballast, "bs=64k").CombinedOutput()
		require.Error(t, err, "the disk is full before dd ends")
		require.ErrorContains(t, s.requireStatus(t, componentstatus.StatusRecoverableError).Err(), "No space left on device")
		require.NoError(t, os.Remove(ballast))
		s.requireStatus(t, componentstatus.StatusOK)
		progress(t, db)
	}, s.send)
	requireAll(t, db, spans)
}

// smallDisk mounts a file system of a few megabytes and returns an empty folder on
// it that belongs to the server's user.
func smallDisk(t *testing.T, pg *testserver.PG) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root may mount a small file system to fill")
	}
	root := filepath.Join(pg.Dir, "disk")
	require.NoError(t, os.Mkdir(root, 0o755))
	if err := syscall.Mount("tmpfs", root, "tmpfs", 0, "size=128m"); err != nil {
		t.Skipf("this machine lets nobody mount a small file system to fill: %v", err)
	}
	t.Cleanup(func() {
		require.NoError(t, pg.Kill())
		require.NoError(t, syscall.Unmount(root, 0))
	})
	data, err := os.Stat(filepath.Join(pg.Dir, "data"))
	require.NoError(t, err)
	folder := filepath.Join(root, "tables")
	require.NoError(t, os.Mkdir(folder, 0o700))
	owner := data.Sys().(*syscall.Stat_t)
	require.NoError(t, os.Chown(folder, int(owner.Uid), int(owner.Gid)))
	return folder
}

func TestStatementTimeout(t *testing.T) {
	faulty(t, testserver.PostgresOptions{}, func(_ *testserver.PG, db *pgxpool.Pool, s *subject) {
		setDefault(t, db, "statement_timeout = '1ms'")
		s.requireStatus(t, componentstatus.StatusRecoverableError)
		s.requireFailure(t, "SQLSTATE 57014")
		setDefault(t, db, "statement_timeout = 0")
		s.requireStatus(t, componentstatus.StatusOK)
	})
}

// setDefault changes a default of the database, and ends the exporter's sessions so
// that it applies. This test's own sessions keep theirs.
func setDefault(t *testing.T, db *pgxpool.Pool, setting string) {
	t.Helper()
	run(t, db, "SET statement_timeout = 0")
	var name string
	require.NoError(t, db.QueryRow(t.Context(), "SELECT current_database()").Scan(&name))
	run(t, db, fmt.Sprintf("ALTER DATABASE %q SET %s", name, setting))
	run(t, db, exporterSessions)
}

func TestSessionsTerminatedAgainAndAgain(t *testing.T) {
	faulty(t, testserver.PostgresOptions{}, func(_ *testserver.PG, db *pgxpool.Pool, _ *subject) {
		ended := 0
		require.Eventually(t, func() bool {
			ended += number(t.Context(), db, exporterSessions)
			return ended >= 40
		}, patience, 50*time.Millisecond)
	})
}

func TestSerializableByDefault(t *testing.T) {
	t.Parallel()
	pg := testserver.Postgres(t, testserver.PostgresOptions{Settings: map[string]string{"default_transaction_isolation": "serializable"}})
	database := pg.NewDatabase(t)
	first, second := start(t, database, nil), start(t, database, nil)
	db := connect(t, database)
	spans := load(t, func() { progress(t, db); progress(t, db) }, first.send, second.send)
	requireAll(t, db, spans)
}

// TestDeadlock has another program lock the rows of two traces in the opposite
// order, in such a way that the server ends the exporter's transaction.
func TestDeadlock(t *testing.T) {
	t.Parallel()
	// A session looks for a deadlock once, when it has waited for so long: by then the circle has to be closed.
	pg := testserver.Postgres(t, testserver.PostgresOptions{Settings: map[string]string{"deadlock_timeout": "5s"}})
	database := pg.NewDatabase(t)
	s := start(t, database, nil)
	db := connect(t, database)
	r := rand.New(rand.NewPCG(1, 1))
	first, second := conversation(r, 3, time.Now()), conversation(r, 3, time.Now())
	spans := first.SpanCount() + second.SpanCount()
	begun, rest := parted(first, second)
	require.NoError(t, deliver(t.Context(), s.send, begun))
	requireAll(t, db, begun.SpanCount())
	require.NoError(t, pgx.BeginFunc(t.Context(), db, func(tx pgx.Tx) error {
		lock := func(order string) {
			_, err := tx.Exec(t.Context(), "SELECT FROM llm_traces WHERE trace_id = (SELECT "+order+"(trace_id) FROM llm_traces) FOR UPDATE")
			require.NoError(t, err)
		}
		_, err := tx.Exec(t.Context(), "SET LOCAL deadlock_timeout = '1min'") // the other finds the deadlock
		require.NoError(t, err)
		lock("max")
		require.NoError(t, deliver(t.Context(), s.send, rest))
		require.Eventually(t, func() bool {
			return number(t.Context(), db, `SELECT count(*) FROM pg_stat_activity
				WHERE application_name = 'llm-observatory' AND datname = current_database() AND wait_event_type = 'Lock'`) > 0
		}, patience, time.Millisecond)
		lock("min")
		return nil
	}))
	requireAll(t, db, spans)
	require.Contains(t, pg.Log(), "deadlock detected")
}

// parted puts the first spans of each trace into one batch and the rest into another.
func parted(traces ...ptrace.Traces) (begun, rest ptrace.Traces) {
	begun, rest = ptrace.NewTraces(), copied(traces[0])
	for _, td := range traces[1:] {
		copied(td).ResourceSpans().MoveAndAppendTo(rest.ResourceSpans())
	}
	rest.CopyTo(begun)
	keep := func(td ptrace.Traces, early bool) {
		for _, rs := range td.ResourceSpans().All() {
			n := 0
			rs.ScopeSpans().At(0).Spans().RemoveIf(func(ptrace.Span) bool { n++; return (n <= 3) != early })
		}
	}
	keep(begun, true)
	keep(rest, false)
	return begun, rest
}

// TestPartitionDroppedUnderTheWriter drops a day that spans are still sent for. What
// was in it is gone; what comes later is stored.
func TestPartitionDroppedUnderTheWriter(t *testing.T) {
	t.Parallel()
	database := testserver.NewDatabase(t)
	s := start(t, database, nil)
	db := connect(t, database)
	yesterday := time.Now().UTC().AddDate(0, 0, -1)
	r := rand.New(rand.NewPCG(1, 1))
	sendOf := func(turns int) ptrace.Traces {
		td := conversation(r, turns, yesterday)
		require.NoError(t, deliver(t.Context(), s.send, td))
		return td
	}
	before := sendOf(3).SpanCount()
	requireAll(t, db, before)
	for _, table := range []string{"llm_spans_", "llm_contents_"} {
		run(t, db, "DROP TABLE "+table+yesterday.Format("20060102"))
	}
	run(t, db, "TRUNCATE llm_traces")
	after := sendOf(5).SpanCount()
	requireAll(t, db, after)
}

// TestContentsTruncatedBetweenBatches sends the same words again after all of them
// were erased.
func TestContentsTruncatedBetweenBatches(t *testing.T) {
	t.Parallel()
	database := testserver.NewDatabase(t)
	s := start(t, database, nil)
	db := connect(t, database)
	spans := 0
	for range 3 {
		td := conversation(rand.New(rand.NewPCG(2, 2)), 4, time.Now()) // the same words each time
		fresh(td)
		spans += td.SpanCount()
		require.NoError(t, deliver(t.Context(), s.send, td))
		requireAll(t, db, spans)
		run(t, db, "TRUNCATE llm_contents")
	}
	td := conversation(rand.New(rand.NewPCG(2, 2)), 4, time.Now())
	require.NoError(t, deliver(t.Context(), s.send, td))
	requireAll(t, db, spans+td.SpanCount())
}

// fresh gives a trace an id of its own.
func fresh(td ptrace.Traces) {
	id := randomTraceID(rand.New(rand.NewPCG(rand.Uint64(), 0)))
	for _, span := range td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
		span.SetTraceID(id)
	}
}

// TestOneRefusedSpanCostsNoOther has spans of a large batch break a rule that the
// operator has added.
func TestOneRefusedSpanCostsNoOther(t *testing.T) {
	t.Parallel()
	database := testserver.NewDatabase(t)
	s := start(t, database, nil)
	db := connect(t, database)
	run(t, db, "ALTER TABLE llm_spans ADD CONSTRAINT no_secrets CHECK (name <> 'refused') NOT VALID")
	td := conversation(rand.New(rand.NewPCG(3, 3)), 20, time.Now())
	spans := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
	for i := range 3 {
		spans.At(7 + 11*i).SetName("refused")
	}
	require.NoError(t, deliver(t.Context(), s.send, td))
	requireAll(t, db, spans.Len()-3)
	warnings := s.logs.FilterMessageSnippet("Set spans or log records aside").All()
	require.Len(t, warnings, 1)
	require.Equal(t, "23514", warnings[0].ContextMap()["reason"])
	require.EqualValues(t, 3, s.counter(t, spansRejected))
}
