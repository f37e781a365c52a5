package faults

import (
	"bufio"
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
)

// collect starts the built collector on a database. Settings are those of --set,
// below the exporter.
func collect(t *testing.T, database, dir string, settings ...string) *testserver.CollectorProcess {
	t.Helper()
	return collectWith(t, nil, database, dir, settings...)
}

// collectWith is collect with variables for the collector's environment.
func collectWith(t *testing.T, env []string, database, dir string, settings ...string) *testserver.CollectorProcess {
	t.Helper()
	options := testserver.CollectorOptions{Dir: dir, Env: append(env, "DATABASE_URL="+database)}
	for _, setting := range settings {
		if !strings.HasPrefix(setting, "processors::") {
			setting = "exporters::llm_observatory::" + setting
		}
		options.Args = append(options.Args, "--set="+setting)
	}
	collector := testserver.Collector(t, options)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(collector.Log())
		}
	})
	return collector
}

// quickRetries have the collector try again after moments instead of seconds.
var quickRetries = []string{"retry_on_failure::initial_interval=50ms", "retry_on_failure::max_interval=500ms"}

// client sends to a collector by OTLP/gRPC.
func client(t *testing.T, collector *testserver.CollectorProcess) send {
	t.Helper()
	conn, err := grpc.NewClient(collector.GRPC, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	otlp := ptraceotlp.NewGRPCClient(conn)
	return func(ctx context.Context, batch ptrace.Traces) error {
		_, err := otlp.Export(ctx, ptraceotlp.NewExportRequestFromTraces(batch))
		return err
	}
}

// scrape reads the collector's own metrics, each summed over its labels.
func scrape(t testing.TB, collector *testserver.CollectorProcess) map[string]float64 {
	response, err := http.Get("http://" + collector.Metrics + "/metrics")
	require.NoError(t, err)
	defer response.Body.Close()
	sums := map[string]float64{}
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		line := lines.Text()
		end := strings.IndexAny(line, "{ ")
		if end < 0 || strings.HasPrefix(line, "#") {
			continue
		}
		value, err := strconv.ParseFloat(line[strings.LastIndexByte(line, ' ')+1:], 64)
		require.NoError(t, err, line)
		name, _ := strings.CutPrefix(line[:end], "otelcol_exporter_llm_observatory_")
		sums[strings.TrimSuffix(name, "_total")] += value
	}
	require.NoError(t, lines.Err())
	return sums
}

// partitions counts the days that tables have partitions for.
const partitions = `SELECT count(*) FROM pg_inherits 
	WHERE inhparent IN ('llm_spans'::regclass, 'llm_contents'::regclass, 'llm_events'::regclass, 'llm_scores'::regclass) AND inhrelid::regclass::text NOT LIKE '%default'`

// TestMetricsEqualTheDatabase sends each batch twice and compares what the collector
// says about itself with the rows.
func TestMetricsEqualTheDatabase(t *testing.T) {
	t.Parallel()
	database := testserver.NewDatabase(t)
	collector := collect(t, database, t.TempDir())
	to := client(t, collector)
	db := connect(t, database)
	r := rand.New(rand.NewPCG(21, 21))
	var batches []ptrace.Traces
	sent := 0
	for range 10 {
		td := conversation(r, 5, time.Now())
		sent += td.SpanCount()
		td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().AppendEmpty().SetName("no ids")
		batches = append(batches, td)
	}
	for range 2 {
		for _, td := range batches {
			require.NoError(t, deliver(t.Context(), to, td))
		}
		requireAll(t, db, sent)
	}
	count := func(query string) float64 { return float64(number(t.Context(), db, query)) }
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		metrics := scrape(t, collector)
		assert.EqualValues(c, sent, metrics["spans_written"])
		assert.EqualValues(c, sent, metrics["spans_duplicate"])
		assert.EqualValues(c, 20, metrics["spans_rejected"])
		assert.Equal(c, count("SELECT count(*) FROM llm_traces"), metrics["traces_created"])
		assert.Equal(c, count("SELECT count(*) FROM llm_contents"), metrics["contents_written"])
		assert.Equal(c, count(partitions), metrics["partitions"])
		assert.Positive(c, metrics["contents_reused"])
		assert.Positive(c, metrics["contents_written_bytes"])
	}, patience, 5*glance)
}

// TestShutdownDrains ends a collector as an orchestrator does while its queue, in
// memory, still waits for more to fill a batch.
func TestShutdownDrains(t *testing.T) {
	t.Parallel()
	database := testserver.NewDatabase(t)
	collector := collect(t, database, t.TempDir(), "sending_queue::storage=null", "sending_queue::batch::flush_timeout=5m")
	to := client(t, collector)
	r := rand.New(rand.NewPCG(22, 22))
	sent := 0
	for range 50 {
		td := conversation(r, 3, time.Now())
		sent += td.SpanCount()
		require.NoError(t, deliver(t.Context(), to, td))
	}
	require.Zero(t, storedSpans(t, connect(t, database)), "the batch waits")
	require.NoError(t, collector.Shutdown())
	requireAll(t, connect(t, database), sent)
}

// TestShutdownDuringOutage ends a collector while Postgres is silent, and starts it
// again in the same place when Postgres answers.
func TestShutdownDuringOutage(t *testing.T) {
	t.Parallel()
	pg := testserver.Postgres(t, testserver.PostgresOptions{})
	direct := pg.NewDatabase(t)
	proxy := pg.Proxy(t)
	database, dir := pg.URLVia(proxy.Port, databaseName(t, direct)), t.TempDir()
	settings := append(quickRetries, "timeout=2s")
	collector := collect(t, database, dir, settings...)
	db := connect(t, direct)
	spans := load(t, func() { progress(t, db) }, client(t, collector))
	proxy.Hang()
	spans += load(t, func() { <-time.After(time.Second) }, client(t, collector))
	begin := time.Now()
	require.NoError(t, collector.Shutdown())
	require.Less(t, time.Since(begin), 40*time.Second) // a broken connection is given 15 s to say goodbye
	proxy.Resume()
	collect(t, database, dir, settings...)
	requireAll(t, db, spans)
}

// TestFullQueueTellsTheClient stops the server until the queue takes no more, which
// clients see as an error that they may send again after.
func TestFullQueueTellsTheClient(t *testing.T) {
	t.Parallel()
	pg := testserver.Postgres(t, testserver.PostgresOptions{})
	database := pg.NewDatabase(t)
	small := append(quickRetries, "sending_queue::queue_size=200000", "sending_queue::batch::min_size=65536")
	to := client(t, collect(t, database, t.TempDir(), small...))
	db := connect(t, database)
	refused := make(chan error, 1)
	watched := func(ctx context.Context, batch ptrace.Traces) error {
		err := to(ctx, batch)
		if err != nil {
			select {
			case refused <- err:
			default:
			}
		}
		return err
	}
	spans := load(t, func() {
		progress(t, db)
		require.NoError(t, pg.Stop())
		err := <-refused
		require.Contains(t, []codes.Code{codes.Unavailable, codes.ResourceExhausted}, status.Code(err), "%v", err)
		require.NoError(t, pg.Start(t.Context()))
		progress(t, db)
	}, watched)
	requireAll(t, db, spans)
}

// TestCollectorKilledUnderLoad kills a collector whose queue is on disk and starts it
// again in the same place, twice.
func TestCollectorKilledUnderLoad(t *testing.T) {
	t.Parallel()
	database := testserver.NewDatabase(t)
	db := connect(t, database)
	dir := t.TempDir()
	targets := make(chan send, 1)
	current := func(ctx context.Context, batch ptrace.Traces) error {
		to := <-targets
		targets <- to
		return to(ctx, batch)
	}
	collector := collect(t, database, dir, quickRetries...)
	targets <- client(t, collector)
	spans := load(t, func() {
		for range 2 {
			progress(t, db)
			require.NoError(t, collector.Kill())
			collector = collect(t, database, dir, quickRetries...)
			<-targets
			targets <- client(t, collector)
		}
		progress(t, db)
	}, current)
	requireAll(t, db, spans)
}

// TestCollectorsShareSpans starts three collectors at once on an empty database,
// with a Redis in common, and sends batches to two of them.
func TestCollectorsShareSpans(t *testing.T) {
	t.Parallel()
	database := testserver.NewDatabase(t)
	db := connect(t, database)
	options := testserver.CollectorOptions{Env: []string{"DATABASE_URL=" + database, "REDIS_URL=" + testserver.RedisURL(t)}}
	for _, setting := range quickRetries {
		options.Args = append(options.Args, "--set=exporters::llm_observatory::"+setting)
	}
	begun := make(chan error)
	collectors := make([]*testserver.CollectorProcess, 3)
	for i := range collectors {
		o := options
		o.Dir = t.TempDir()
		go func() {
			var err error
			collectors[i], err = testserver.StartCollector(t.Context(), o)
			begun <- err
		}()
	}
	for range collectors {
		require.NoError(t, <-begun)
	}
	var targets []send
	for _, collector := range collectors {
		t.Cleanup(func() { require.NoError(t, collector.Shutdown()) })
		targets = append(targets, client(t, collector))
	}
	spans := load(t, func() { progress(t, db); progress(t, db) }, targets...)
	requireAll(t, db, spans)
}

// TestSpanLargerThanAnyBatch sends a span of 40 MB, which the receivers let through,
// among others. exporterhelper drops spans that no batch of limited bytes can hold.
func TestSpanLargerThanAnyBatch(t *testing.T) {
	t.Parallel()
	database := testserver.NewDatabase(t)
	to := client(t, collect(t, database, t.TempDir()))
	td := conversation(rand.New(rand.NewPCG(24, 24)), 10, time.Now())
	spans := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
	spans.At(spans.Len()/2).Attributes().PutStr("long", strings.Repeat("word ", 8<<20))
	require.NoError(t, deliver(t.Context(), to, td))
	requireAll(t, connect(t, database), td.SpanCount())
}
