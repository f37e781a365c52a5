package acceptance

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
	"github.com/llm-observatory/llmobservatoryexporter/pool"
)

// TestOneConnectionIsEnough stores batches of new days from several callers through one connection, while upkeep and
// probes need it too.
func TestOneConnectionIsEnough(t *testing.T) {
	e, db := startExporter(t, func(cfg *llmobservatoryexporter.Config) {
		cfg.Pool.MaxConnections = 1
		cfg.HealthCheck.Interval = time.Second
		cfg.Retention = llmobservatoryexporter.RetentionConfig{Spans: 60 * 24 * time.Hour, Contents: 60 * 24 * time.Hour, Interval: time.Second}
	})
	const batches = 20
	done := make(chan error, batches)
	for i := range batches {
		go func() {
			td := ptrace.NewTraces()
			span := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
			span.SetTraceID(pcommon.TraceID{9, byte(i)})
			span.SetSpanID(pcommon.SpanID{9, byte(i)})
			start := time.Now().AddDate(0, 0, -i%5)
			span.SetStartTimestamp(pcommon.NewTimestampFromTime(start))
			span.SetEndTimestamp(pcommon.NewTimestampFromTime(start.Add(time.Second)))
			done <- e.ConsumeTraces(t.Context(), td)
		}()
	}
	for range batches {
		require.NoError(t, <-done)
	}
	var spans int
	require.NoError(t, db.QueryRow(t.Context(), "SELECT count(*) FROM llm_spans").Scan(&spans))
	assert.Equal(t, batches, spans)
}

// TestIdleExportersHoldFewConnections starts three exporters with their defaults, and looks when each has been used.
func TestIdleExportersHoldFewConnections(t *testing.T) {
	url := testserver.NewDatabase(t)
	db := storetest.Pool(t, url)
	for range 3 {
		e := startExporterAt(t, url, func(cfg *llmobservatoryexporter.Config) { cfg.Pool = pool.DefaultConfig().Pool })
		require.NoError(t, e.ConsumeTraces(t.Context(), ptrace.NewTraces()))
	}
	require.Eventually(t, func() bool {
		var held int
		err := db.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND application_name = 'llm-observatory'`).Scan(&held)
		return err == nil && held <= 6
	}, time.Minute, 20*time.Millisecond)
}
