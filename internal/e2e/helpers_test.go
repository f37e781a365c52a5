package e2e_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

const (
	waitLimit = 60 * time.Second
	waitTick  = 100 * time.Millisecond
)

// startCollector starts a collector without Redis in front of a database.
func startCollector(t *testing.T, database string, args ...string) *testserver.CollectorProcess {
	t.Helper()
	collector := testserver.Collector(t, testserver.CollectorOptions{Env: []string{"DATABASE_URL=" + database}, Args: args})
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(collector.Log())
		}
	})
	return collector
}

// postgresOf starts a server of a major version, or skips the test where it cannot be had.
func postgresOf(t *testing.T, version int) *testserver.PG {
	t.Helper()
	pg, err := testserver.StartPostgres(t.Context(), testserver.PostgresOptions{Version: version})
	if errors.Is(err, testserver.ErrNotInstalled) {
		t.Skipf("this machine has no such server: %v", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pg.Remove()) })
	return pg
}

// moduleRoot is where the Makefile and testdata lie.
func moduleRoot(t *testing.T) string {
	t.Helper()
	root, err := testserver.ModuleRoot()
	require.NoError(t, err)
	return root
}

// tool returns a program below build/, made by make if it is missing.
func tool(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join("build", name)
	command := exec.CommandContext(t.Context(), "make", "--silent", path)
	command.Dir = moduleRoot(t)
	command.Env = append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=")
	out, err := command.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return filepath.Join(command.Dir, path)
}

// sendSpans sends one trace of n spans by OTLP/gRPC.
func sendSpans(t *testing.T, collector *testserver.CollectorProcess, n int) {
	t.Helper()
	conn, err := grpc.NewClient(collector.GRPC, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer conn.Close()
	request := ptraceotlp.NewExportRequestFromTraces(trace(n))
	_, err = ptraceotlp.NewGRPCClient(conn).Export(t.Context(), request)
	require.NoError(t, err)
}

func trace(n int) ptrace.Traces {
	traces := ptrace.NewTraces()
	spans := traces.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	id := pcommon.TraceID([]byte(time.Now().UTC().Format("20060102150405.0")))
	now := time.Now()
	for i := range n {
		span := spans.AppendEmpty()
		span.SetTraceID(id)
		span.SetSpanID(pcommon.SpanID{1, byte(i >> 8), byte(i)})
		span.SetName("work")
		span.SetStartTimestamp(pcommon.NewTimestampFromTime(now))
		span.SetEndTimestamp(pcommon.NewTimestampFromTime(now.Add(time.Second)))
	}
	return traces
}

// query reads one row.
func query(ctx context.Context, database, sql string, into ...any) error {
	conn, err := pgx.Connect(ctx, database)
	if err != nil {
		return err
	}
	return errors.Join(conn.QueryRow(ctx, sql).Scan(into...), conn.Close(ctx))
}

// requireSpans waits until the database holds n spans.
func requireSpans(t *testing.T, database string, n int) {
	t.Helper()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		var stored int
		require.NoError(c, query(t.Context(), database, "SELECT count(*) FROM llm_spans", &stored))
		require.Equal(c, n, stored)
	}, waitLimit, waitTick)
}

// health returns the status code and the text of the health_check extension.
func health(collector *testserver.CollectorProcess) (int, string, error) {
	response, err := http.Get("http://" + collector.Health + "/?verbose")
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, string(body), err
}

func requireHealth(t *testing.T, collector *testserver.CollectorProcess, status int) string {
	t.Helper()
	var text string
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		got, body, err := health(collector)
		require.NoError(c, err)
		require.Equal(c, status, got, body)
		text = body
	}, waitLimit, waitTick)
	return text
}

// environWithout is this program's environment without some variables.
func environWithout(names ...string) []string {
	return slices.DeleteFunc(os.Environ(), func(entry string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return len(entry) > len(name) && entry[:len(name)+1] == name+"=" })
	})
}
