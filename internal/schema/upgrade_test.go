package schema

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// release is a version before.
type release struct {
	commit    string
	migration int32 // its last
}

var releases = []release{
	{"95dbb6f678b9a0230aab40257ee53b97496d335f", lastOfBefore},
	{"7f4337aa4feac7d6ccd0fc9c3587e2d1bfb2eff9", 18},
	{"c02973d1791c66f6e241c3674e22a90b8eccf076", 26},
	{"ef8e18bc34a2e3b00397963764fb2adc015c2f4d", 27},
	{"4506de2215746fb896dc2b841d55a802f59a3f25", 29},
	{"805d96134584afaec1f8846449be8d2fab59022d", 30},
	{"d8ae0b3888f3bb99fa5f0556915c3e4cddeab69f", 34},
	{"abc383c75b60e4d53e09411613da3af3458b75e5", 36},
	{"cc3683b52f2e03719067a622497d15f177b99ff8", 39},
	{"e68128784fe18100e3121747abbbaa1a1d4a92d6", 40},
	{"57717e87db40a8a8b32ec594397b44237ed0be28", 43},
	{"a341a4c433a253eeed83fc612f20ce88b00ac17d", 43},
	{"5d88b2820d556bfaaa7e0bcd534852bcb502fdb7", 43},
	{"aa035723e4c032db17c9cf2f4a2da473f6ff437c", 46},
}

// buildRelease builds testdata/before with the exporter of a version before.
func buildRelease(t *testing.T, commit string) string {
	t.Helper()
	dir := t.TempDir()
	root, err := exec.CommandContext(t.Context(), "git", "rev-parse", "--show-toplevel").Output()
	if err != nil {
		t.Skip("not in a git repository")
	}
	archive := filepath.Join(dir, "before.tar")
	git := exec.CommandContext(t.Context(), "git", "archive", "-o", archive, commit)
	git.Dir = string(root[:len(root)-1])
	if output, err := git.CombinedOutput(); err != nil {
		t.Skipf("the repository lacks version %s: %s", commit, output)
	}
	run := func(command *exec.Cmd) {
		command.Dir = dir
		command.Env = append(os.Environ(), "GOFLAGS=-trimpath -mod=mod", "CGO_ENABLED=0")
		output, err := command.CombinedOutput()
		require.NoError(t, err, string(output))
	}
	run(exec.CommandContext(t.Context(), "tar", "-xf", archive))
	text, err := os.ReadFile("testdata/before/main.go.txt")
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "cmd", "before"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cmd", "before", "main.go"), text, 0o644))
	run(exec.CommandContext(t.Context(), "go", "build", "-o", "before", "./cmd/before"))
	return filepath.Join(dir, "before")
}

// before is a running writer of the version before.
type before struct {
	input  io.Closer
	output *bufio.Reader
	cmd    *exec.Cmd
}

// startBefore returns once it has stored a batch.
func startBefore(t *testing.T, binary, url, name string) *before {
	t.Helper()
	b := &before{cmd: exec.CommandContext(t.Context(), binary, url, name)}
	input, err := b.cmd.StdinPipe()
	require.NoError(t, err)
	output, err := b.cmd.StdoutPipe()
	require.NoError(t, err)
	b.input, b.output = input, bufio.NewReader(output)
	require.NoError(t, b.cmd.Start())
	line, err := b.output.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "writing\n", line)
	return b
}

func (b *before) end(t *testing.T) (sent, failed int, slowest time.Duration) {
	t.Helper()
	require.NoError(t, b.input.Close())
	line, err := b.output.ReadString('\n')
	require.NoError(t, err)
	var milliseconds int
	_, err = fmt.Sscan(line, &sent, &failed, &milliseconds)
	require.NoError(t, err, line)
	require.NoError(t, b.cmd.Wait())
	return sent, failed, time.Duration(milliseconds) * time.Millisecond
}

// TestUpgradeUnderTheVersionBefore migrates while two collectors of the version before
// write, then starts another of these, as a rolling update does that restarts an old pod,
// and lets them fold, retain and make days.
func TestUpgradeUnderTheVersionBefore(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the version before")
	}
	binary := buildRelease(t, releases[0].commit)
	url := testserver.NewDatabase(t)
	first, second := startBefore(t, binary, url, "first"), startBefore(t, binary, url, "second")
	pool, err := pgxpool.New(context.Background(), url)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	stored := func() (n int) {
		require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM llm_spans").Scan(&n))
		return n
	}
	grow := func() {
		n := stored()
		require.Eventually(t, func() bool { return stored() >= n+1000 }, 30*time.Second, 20*time.Millisecond)
	}
	grow()
	_, err = pool.Exec(t.Context(), `SELECT llm_create_day(CURRENT_DATE - 20);
		INSERT INTO llm_spans (trace_id, span_id, start_time, end_time, duration_us, span_kind, kind, status)
		VALUES (gen_random_uuid(), '1', CURRENT_DATE - 20, CURRENT_DATE - 20, 0, 'internal', 'other', 'unset')`, pgx.QueryExecModeSimpleProtocol)
	require.NoError(t, err)

	begin := time.Now()
	require.NoError(t, Migrate(t.Context(), connect(t, url), "public"))
	t.Log("migrated under load in", time.Since(begin))
	grow()
	third := startBefore(t, binary, url, "third")
	grow()
	var partitions int
	require.Eventually(t, func() bool {
		err := pool.QueryRow(t.Context(), "SELECT count(*) FROM pg_class WHERE relname = 'llm_spans_' || to_char(CURRENT_DATE - 20, 'YYYYMMDD')").Scan(&partitions)
		return err == nil && partitions == 0
	}, 60*time.Second, 100*time.Millisecond, "retention of the version before goes on")

	total := 0
	for _, b := range []*before{first, second, third} {
		sent, failed, slowest := b.end(t)
		require.Zero(t, failed)
		require.Less(t, slowest, 20*time.Second, "no batch waits for a migration that waits; on a busy machine the migration itself takes 5 s")
		t.Log("sent", sent, "slowest batch", slowest)
		total += sent
	}
	var spans, distinct, rolledUp, tokens, usage int
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM llm_spans), (SELECT count(DISTINCT (trace_id, span_id)) FROM llm_spans),
		(SELECT sum(span_count) FROM llm_traces), (SELECT sum(total_tokens) FROM llm_traces), (SELECT sum(total_tokens) FROM llm_usage)`).
		Scan(&spans, &distinct, &rolledUp, &tokens, &usage))
	require.Equal(t, []int{total, total, total}, []int{spans, distinct, rolledUp}, "each span once")
	require.Equal(t, tokens, usage)
	require.NoError(t, Check(t.Context(), connect(t, url), "public"))
}

// migrateUntilItWaits begins to migrate the database of a connection, and returns once the migration waits for a table.
func migrateUntilItWaits(t *testing.T, conn *pgx.Conn) (migrated <-chan error) {
	t.Helper()
	result, migrator := make(chan error, 1), connect(t, conn.Config().ConnString())
	go func() { result <- Migrate(context.WithoutCancel(t.Context()), migrator, "public") }()
	require.Eventually(t, func() bool {
		var waits bool
		err := conn.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock')").Scan(&waits)
		return err == nil && waits
	}, time.Minute, time.Millisecond)
	return result
}

// TestMigrationLetsABatchEnd migrates while a batch has rows of its traces and has not
// stored its spans yet: the migration waits for the batch and does not hold llm_spans
// meanwhile, for which the batch would wait.
func TestMigrationLetsABatchEnd(t *testing.T) {
	for _, tables := range [][]string{
		{"llm_traces", "llm_spans"},
		{"llm_contents", "llm_traces", "llm_spans"},
		{"llm_contents", "llm_spans"},
	} {
		t.Run(strings.Join(tables, ","), func(t *testing.T) {
			conn := connect(t, testserver.NewDatabase(t))
			createBefore(t, conn, "public", lastOfBefore)
			batch := connect(t, conn.Config().ConnString())
			_, err := batch.Exec(t.Context(), "BEGIN; LOCK TABLE "+tables[0]+" IN ROW EXCLUSIVE MODE")
			require.NoError(t, err)
			migrated := migrateUntilItWaits(t, conn)
			for _, table := range tables[1:] {
				_, err = batch.Exec(t.Context(), "LOCK TABLE "+table+" IN ROW EXCLUSIVE MODE NOWAIT")
				require.NoError(t, err)
			}
			_, err = batch.Exec(t.Context(), "COMMIT")
			require.NoError(t, err)
			require.NoError(t, <-migrated)
			require.NoError(t, Check(t.Context(), conn, "public"))
		})
	}
}

// TestMigrationWaitsForALongQueryWithoutBlockingWriters holds a table as a long query
// does: the migration gives way and comes back, and writers get between.
func TestMigrationWaitsForALongQueryWithoutBlockingWriters(t *testing.T) {
	conn := connect(t, testserver.NewDatabase(t))
	createBefore(t, conn, "public", lastOfBefore)
	reader := connect(t, conn.Config().ConnString())
	_, err := reader.Exec(t.Context(), "BEGIN; SELECT count(*) FROM llm_spans")
	require.NoError(t, err)
	migrated := migrateUntilItWaits(t, conn)
	begin := time.Now()
	_, err = conn.Exec(t.Context(), `INSERT INTO llm_spans (trace_id, span_id, start_time, end_time, duration_us, span_kind, kind, status)
		VALUES (gen_random_uuid(), '1', now(), now(), 0, 'internal', 'other', 'unset')`)
	require.NoError(t, err)
	require.Less(t, time.Since(begin), 20*time.Second, "the reader goes on for ever")
	select {
	case err := <-migrated:
		require.Fail(t, "the migration did not wait", err)
	default:
	}
	_, err = reader.Exec(t.Context(), "ROLLBACK")
	require.NoError(t, err)
	require.NoError(t, <-migrated)
	require.NoError(t, Check(t.Context(), conn, "public"))
}
