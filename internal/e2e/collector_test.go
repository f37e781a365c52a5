package e2e_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// versions are the major versions that the main job is tested with; 0 is the installed one.
var versions = map[string]int{"installed": 0, "18": 18}

// countsSQL counts what is stored, and how many traces differ from the sums over their spans.
const countsSQL = `
SELECT (SELECT count(*) FROM llm_spans),
    (SELECT count(*) FROM (SELECT DISTINCT trace_id, span_id FROM llm_spans) s),
    (SELECT count(*) FROM llm_traces),
    (SELECT count(*) FROM llm_traces t
     FULL JOIN (
         SELECT trace_id, count(*) AS span_count, min(start_time) AS start_time, max(end_time) AS end_time,
             count(*) FILTER (WHERE status = 'error') AS error_count
         FROM llm_spans GROUP BY trace_id) s ON s.trace_id = t.id
     WHERE (t.span_count, t.start_time, t.end_time, t.error_count)
         IS DISTINCT FROM (s.span_count, s.start_time, s.end_time, s.error_count))`

func TestTelemetrygenLosesAndDoublesNothing(t *testing.T) {
	for name, version := range versions {
		t.Run(name, func(t *testing.T) {
			database := postgresOf(t, version).NewDatabase(t)
			collector := startCollector(t, database)
			const traces, spans = 5000, 10_000
			generate := exec.CommandContext(t.Context(), tool(t, "telemetrygen"), "traces",
				"--otlp-endpoint", collector.GRPC, "--otlp-insecure", "--workers", "4", "--traces", fmt.Sprint(traces/4), "--rate", "0",
				"--batch=false") // its batches drop what does not fit into its own queue
			out, err := generate.CombinedOutput()
			require.NoError(t, err, "%s", out)
			requireSpans(t, database, spans)
			var stored, distinct, traceRows, wrong int
			require.NoError(t, query(t.Context(), database, countsSQL, &stored, &distinct, &traceRows, &wrong))
			require.Equal(t, []int{spans, spans, traces, 0}, []int{stored, distinct, traceRows, wrong})
		})
	}
}

func TestDemoShowsTheExpectedRows(t *testing.T) {
	for name, version := range versions {
		t.Run(name, func(t *testing.T) {
			pg := postgresOf(t, version)
			demo := exec.CommandContext(t.Context(), "go", "run", "./internal/demo")
			demo.Dir = moduleRoot(t)
			demo.Env = append(environWithout("DATABASE_URL", "REDIS_URL"),
				"DATABASE_URL="+pg.URL(""), "REDIS_URL="+testserver.RedisURL(t))
			out, err := demo.CombinedOutput()
			require.NoError(t, err, "%s", out)
			var left int
			require.NoError(t, query(t.Context(), pg.URL(""), "SELECT count(*) FROM pg_database WHERE datname LIKE 'llmobs%'", &left))
			require.Zero(t, left, "the demo drops its database")
		})
	}
}

func TestSpansWaitWhilePostgresIsDown(t *testing.T) {
	pg := testserver.Postgres(t, testserver.PostgresOptions{})
	database := pg.NewDatabase(t)
	require.NoError(t, pg.Stop())
	collector := startCollector(t, database)
	sendSpans(t, collector, 100)
	requireHealth(t, collector, http.StatusInternalServerError)
	require.NoError(t, pg.Start(t.Context()))
	requireSpans(t, database, 100)
	requireHealth(t, collector, http.StatusOK)
}

func TestHealthFollowsPostgres(t *testing.T) {
	pg := testserver.Postgres(t, testserver.PostgresOptions{})
	database := pg.NewDatabase(t)
	collector := startCollector(t, database, "--set=exporters::llm_observatory::health_check::interval=1s")
	sendSpans(t, collector, 1)
	requireSpans(t, database, 1)
	requireHealth(t, collector, http.StatusOK)
	require.NoError(t, pg.Stop())
	text := requireHealth(t, collector, http.StatusInternalServerError)
	response, err := http.Get("http://" + collector.Alive)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode, "a liveness probe must not end a collector whose queue waits")
	require.Contains(t, text, `"exporter:llm_observatory":{"healthy":false`)
	require.NotContains(t, text, pg.Password)
	require.NoError(t, pg.Start(t.Context()))
	requireHealth(t, collector, http.StatusOK)
}

func TestWhatNoWaitingMendsEndsTheStart(t *testing.T) {
	pg := testserver.Postgres(t, testserver.PostgresOptions{})
	const wrong = "correct-horse-battery"
	withPassword := func(raw string) string {
		target, err := url.Parse(raw)
		require.NoError(t, err)
		target.User = url.UserPassword(pg.User, wrong)
		return target.String()
	}
	for name, test := range map[string]struct{ database, message string }{
		"wrong password":   {withPassword(pg.URL("")), `password authentication failed for user "postgres"`},
		"unknown database": {pg.URL("nowhere"), `database "nowhere" does not exist`},
		"refused TLS":      {pg.URL("") + "?sslmode=require", "server refused TLS connection"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			_, err := testserver.StartCollector(t.Context(), testserver.CollectorOptions{
				Dir: dir, Env: []string{"DATABASE_URL=" + test.database}, Args: []string{"--set=service::telemetry::logs::level=debug"},
			})
			require.ErrorContains(t, err, test.message)
			log, err := os.ReadFile(filepath.Join(dir, "collector.log"))
			require.NoError(t, err)
			require.NotContains(t, string(log), wrong)
			require.NotContains(t, string(log), pg.Password)
		})
	}
}

func TestQueueSurvivesAKilledCollector(t *testing.T) {
	pg := testserver.Postgres(t, testserver.PostgresOptions{})
	database := pg.NewDatabase(t)
	require.NoError(t, pg.Stop())
	options := testserver.CollectorOptions{Dir: t.TempDir(), Env: []string{"DATABASE_URL=" + database}}
	killed := testserver.Collector(t, options)
	sendSpans(t, killed, 100)
	require.NoError(t, killed.Kill())
	require.NoError(t, pg.Start(t.Context()))
	testserver.Collector(t, options)
	requireSpans(t, database, 100)
}
