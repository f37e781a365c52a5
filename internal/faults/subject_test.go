package faults

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	llmobservatoryexporter "github.com/llm-observatory/llmobservatoryexporter"
	"github.com/llm-observatory/llmobservatoryexporter/internal/metadata"
	"github.com/llm-observatory/llmobservatoryexporter/internal/rowcheck"
)

const (
	patience = 60 * time.Second // for what happens by itself, on a slow machine
	glance   = 20 * time.Millisecond
	moment   = 5 * time.Second
)

// Names of the exporter's metrics.
const (
	spansRejected = "otelcol_exporter_llm_observatory_spans_rejected"
	spansRepaired = "otelcol_exporter_llm_observatory_spans_repaired"
	redisLookups  = "otelcol_exporter_llm_observatory_trace_resolver_lookups"
	redisErrors   = "otelcol_exporter_llm_observatory_redis_errors"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// subject is an exporter in this process, with its queue and retries, and what it
// tells the operator.
type subject struct {
	exporter.Traces
	logs   *observer.ObservedLogs
	status *statusHost
	meters *componenttest.Telemetry
}

type config = llmobservatoryexporter.Config

// start starts an exporter that retries quickly. The test's end
// stops it.
func start(t *testing.T, database string, change func(*config)) *subject {
	t.Helper()
	s, err := newSubject(t, database, change)
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context(), s.status))
	t.Cleanup(func() {
		if t.Failed() {
			s.logLast(t, 10)
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(t, s.Shutdown(ctx))
	})
	return s
}

// newSubject makes an exporter without starting it.
func newSubject(t *testing.T, database string, change func(*config)) (*subject, error) {
	t.Helper()
	factory := llmobservatoryexporter.NewFactory()
	cfg := factory.CreateDefaultConfig().(*config)
	cfg.Postgres.URL = configopaque.String(database)
	cfg.Pool.MinConnections, cfg.Pool.MaxConnections = 0, 8
	cfg.Pool.ConnectTimeout = moment
	cfg.TimeoutConfig.Timeout = 10 * time.Second
	cfg.QueueConfig.Get().NumConsumers = 4
	cfg.RetryConfig.InitialInterval, cfg.RetryConfig.MaxInterval = 20*time.Millisecond, 200*time.Millisecond
	cfg.HealthCheck.Interval = time.Second
	if change != nil {
		change(cfg)
	}
	core, logs := observer.New(zapcore.DebugLevel)
	meters := componenttest.NewTelemetry()
	t.Cleanup(func() { require.NoError(t, meters.Shutdown(context.Background())) })
	settings := exportertest.NewNopSettings(metadata.Type)
	settings.TelemetrySettings = meters.NewTelemetrySettings()
	settings.Logger = zap.New(core)
	traces, err := factory.CreateTraces(t.Context(), settings, cfg)
	return &subject{Traces: traces, logs: logs, status: &statusHost{events: make(chan *componentstatus.Event, 1000)}, meters: meters}, err
}

// notOfTheHelper leaves out what exporterhelper logs.
func notOfTheHelper(entry observer.LoggedEntry) bool {
	return !strings.HasPrefix(entry.Message, "Exporting failed")
}

// logLast prints the last lines of the exporter's log.
func (s *subject) logLast(t *testing.T, n int) {
	all := s.logs.Filter(func(entry observer.LoggedEntry) bool { return !strings.Contains(entry.Message, "Rejecting data") }).All()
	for _, entry := range all[max(0, len(all)-n):] {
		t.Log(entry.Level, entry.Message, entry.ContextMap())
	}
}

// send is for load.
func (s *subject) send(ctx context.Context, batch ptrace.Traces) error {
	return s.ConsumeTraces(ctx, batch)
}

// statusHost keeps the status that the exporter reports.
type statusHost struct{ events chan *componentstatus.Event }

func (h *statusHost) GetExtensions() map[component.ID]component.Component { return nil }

func (h *statusHost) Report(event *componentstatus.Event) { h.events <- event }

// requireStatus waits until the exporter reports a status, and returns the report.
func (s *subject) requireStatus(t *testing.T, want componentstatus.Status) *componentstatus.Event {
	t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case event := <-s.status.events:
			if event.Status() == want {
				return event
			}
		case <-deadline:
			require.FailNow(t, "the exporter does not report the status", want.String())
		}
	}
}

// requireFailure waits until a batch has failed, and was retried, for a reason.
func (s *subject) requireFailure(t *testing.T, reason string) {
	t.Helper()
	require.Eventually(t, func() bool {
		for _, entry := range s.logs.FilterMessageSnippet("Will retry").All() {
			if text, ok := entry.ContextMap()["error"].(string); ok && strings.Contains(text, reason) {
				return true
			}
		}
		return false
	}, patience, glance, reason)
}

// connect opens a pool to look at the rows with.
func connect(t *testing.T, url string) *pgxpool.Pool {
	t.Helper()
	db, err := pgxpool.New(context.Background(), url)
	require.NoError(t, err)
	t.Cleanup(db.Close)
	return db
}

// connectTo opens a pool to look at the rows of a schema with.
func connectTo(t *testing.T, url, schema string) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(url)
	require.NoError(t, err)
	config.ConnConfig.RuntimeParams["search_path"] = pgx.Identifier{schema}.Sanitize()
	db, err := pgxpool.NewWithConfig(context.Background(), config)
	require.NoError(t, err)
	t.Cleanup(db.Close)
	return db
}

// run runs a statement.
func run(t *testing.T, db *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	_, err := db.Exec(t.Context(), sql, args...)
	require.NoError(t, err, sql)
}

// number reads one number; -1 while the server does not answer.
func number(ctx context.Context, db *pgxpool.Pool, sql string, args ...any) int {
	var n int
	if err := db.QueryRow(ctx, sql, args...).Scan(&n); err != nil {
		if errors.Is(err, pgx.ErrNoRows) {
			return 0
		}
		return -1
	}
	return n
}

func storedSpans(t *testing.T, db *pgxpool.Pool) int {
	return number(t.Context(), db, "SELECT count(*) FROM llm_spans")
}

// progress waits until spans have been stored that were not there before.
func progress(t *testing.T, db *pgxpool.Pool) {
	t.Helper()
	before := -1
	require.Eventually(t, func() bool {
		now := storedSpans(t, db)
		if before < 0 {
			before = now
		}
		return now > before+200
	}, patience, glance, "no span is stored any more")
}

// requireAll waits until all spans are stored and checks what must hold of the rows.
func requireAll(t *testing.T, db *pgxpool.Pool, spans int) {
	t.Helper()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		require.GreaterOrEqual(c, storedSpans(t, db), spans)
	}, patience, 5*glance)
	rowcheck.Spans(t, db, spans)
}

// counter returns the sum of a metric over its attributes; 0 before it was first used.
func (s *subject) counter(t *testing.T, name string) (sum int64) {
	t.Helper()
	metric, err := s.meters.GetMetric(name)
	if err != nil {
		return 0
	}
	for _, point := range metric.Data.(metricdata.Sum[int64]).DataPoints {
		sum += point.Value
	}
	return sum
}
