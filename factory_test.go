package llmobservatoryexporter

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"

	"github.com/llm-observatory/llmobservatoryexporter/internal/metadata"
	"github.com/llm-observatory/llmobservatoryexporter/pool"
)

func TestDefaultConfig(t *testing.T) {
	cfg := newDefaultConfig(t)
	require.NoError(t, componenttest.CheckConfigStruct(cfg))
	assert.Equal(t, pool.DefaultConfig().Postgres, cfg.Postgres)
	assert.Equal(t, pool.DefaultConfig().Pool, cfg.Pool)
	assert.Equal(t, pool.DefaultConfig().ConnectRetry, cfg.ConnectRetry)
	assert.False(t, cfg.Redis.HasValue())
	assert.Equal(t, 30*time.Second, cfg.TimeoutConfig.Timeout)
	assert.Equal(t, HealthCheckConfig{Interval: 30 * time.Second}, cfg.HealthCheck)
	assert.Equal(t, RetentionConfig{Interval: time.Hour}, cfg.Retention)
	assert.Equal(t, ContentConfig{Capture: "full", MaxBytes: 16777216}, cfg.Content)
	assert.True(t, cfg.CreateSchema)
	assert.True(t, cfg.RetryConfig.Enabled)
	assert.Zero(t, cfg.RetryConfig.MaxElapsedTime, "retries do not end")
	queue := cfg.QueueConfig.Get()
	assert.Equal(t, exporterhelper.RequestSizerTypeBytes, queue.Sizer)
	assert.EqualValues(t, 256<<20, queue.QueueSize)
	batch := queue.Batch.Get()
	assert.Equal(t, exporterhelper.RequestSizerTypeBytes, batch.Sizer)
	assert.EqualValues(t, 8<<20, batch.MinSize)
	assert.Zero(t, batch.MaxSize, "a span of any length fits")
	assert.Equal(t, 200*time.Millisecond, batch.FlushTimeout)
}

func TestCreateTraces(t *testing.T) {
	cfg := newDefaultConfig(t, "DB_PASSWORD=secret")
	exporter, err := NewFactory().CreateTraces(t.Context(), exportertest.NewNopSettings(metadata.Type), cfg)
	require.NoError(t, err)
	require.NoError(t, exporter.Shutdown(t.Context()))
}
