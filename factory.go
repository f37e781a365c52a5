package llmobservatoryexporter

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/logs"
	"github.com/llm-observatory/llmobservatoryexporter/internal/metadata"
	"github.com/llm-observatory/llmobservatoryexporter/internal/shared"
	"github.com/llm-observatory/llmobservatoryexporter/internal/signal"
	"github.com/llm-observatory/llmobservatoryexporter/pool"
)

const (
	defaultTimeout             = 30 * time.Second
	defaultHealthCheckInterval = 30 * time.Second
	defaultRetentionInterval   = time.Hour
	defaultMaxContentBytes     = 16 << 20
	// The queue counts bytes: spans have anything from 100 bytes to megabytes, and what it has to bound is memory.
	queueBytes = 256 << 20
	// A batch is one transaction. It ends with the request that makes it so large, or when it is so old: smaller,
	// its round trips weigh more than its rows; larger, it only holds locks and memory for longer.
	minBatchBytes     = 8 << 20
	batchFlushTimeout = 200 * time.Millisecond
)

// NewFactory returns the factory of the llm_observatory exporter.
func NewFactory() exporter.Factory {
	return exporter.NewFactory(
		metadata.Type,
		createDefaultConfig,
		exporter.WithTraces(createTraces, metadata.TracesStability),
		exporter.WithLogs(createLogs, metadata.LogsStability),
	)
}

func createDefaultConfig() component.Config {
	connections := pool.ConfigFromEnv()
	redis := configoptional.Default(connections.Redis)
	if connections.UseRedis {
		redis = configoptional.Some(connections.Redis)
	}
	return &Config{
		TimeoutConfig: exporterhelper.TimeoutConfig{Timeout: defaultTimeout},
		QueueConfig:   configoptional.Some(defaultQueueConfig()),
		RetryConfig:   defaultRetryConfig(),
		Postgres:      connections.Postgres,
		Redis:         redis,
		Pool:          connections.Pool,
		ConnectRetry:  connections.ConnectRetry,
		HealthCheck:   HealthCheckConfig{Interval: defaultHealthCheckInterval},
		Retention:     RetentionConfig{Interval: defaultRetentionInterval},
		CreateSchema:  true,
		Content:       ContentConfig{Capture: captureFull, MaxBytes: defaultMaxContentBytes},
		Events:        EventsConfig{Keep: logs.KeepGenAI},
		Labels:        []string{},
		fromEnv:       connections,
	}
}

func defaultQueueConfig() exporterhelper.QueueBatchConfig {
	batch := exporterhelper.NewDefaultBatchConfig()
	batch.FlushTimeout = batchFlushTimeout
	batch.Sizer = exporterhelper.RequestSizerTypeBytes
	batch.MinSize = minBatchBytes
	batch.MaxSize = 0 // none: see checkBatch
	queue := exporterhelper.NewDefaultQueueConfig()
	queue.Sizer = exporterhelper.RequestSizerTypeBytes
	queue.QueueSize = queueBytes
	queue.Batch = configoptional.Some(batch)
	return queue
}

// defaultRetryConfig never gives a batch up: an outage of any length costs no span, and once the queue is full
// clients are told to send again later.
func defaultRetryConfig() configretry.BackOffConfig {
	retry := configretry.NewDefaultBackOffConfig()
	retry.MaxElapsedTime = 0
	return retry
}

// exporters are shared by the pipelines that use the same configuration.
var exporters shared.Components[*Config, *llmExporter]

func createTraces(ctx context.Context, set exporter.Settings, cfg component.Config) (exporter.Traces, error) {
	p, err := newPipeline(set, cfg.(*Config), "spans")
	if err != nil {
		return nil, err
	}
	helper, err := exporterhelper.NewTraces(ctx, p.settings, cfg,
		func(ctx context.Context, td ptrace.Traces) error { return p.push(ctx, signal.Traces{Traces: td}) },
		p.options()...)
	if err != nil {
		return nil, err
	}
	p.Component = helper
	return &tracesPipeline{pipeline: p, Traces: helper}, nil
}

func createLogs(ctx context.Context, set exporter.Settings, cfg component.Config) (exporter.Logs, error) {
	p, err := newPipeline(set, cfg.(*Config), "log_records")
	if err != nil {
		return nil, err
	}
	keep := p.cfg.Events.Keep
	helper, err := exporterhelper.NewLogs(ctx, p.settings, cfg,
		func(ctx context.Context, ld plog.Logs) error { return p.push(ctx, signal.Logs{Logs: ld, Keep: keep}) },
		p.options()...)
	if err != nil {
		return nil, err
	}
	p.Component = helper
	return &logsPipeline{pipeline: p, Logs: helper}, nil
}

// options are those of exporterhelper, the same for every signal.
func (p *pipeline) options() []exporterhelper.Option {
	return []exporterhelper.Option{
		exporterhelper.WithStart(p.exporter.Start),
		exporterhelper.WithShutdown(p.exporter.Shutdown),
		exporterhelper.WithCapabilities(consumer.Capabilities{MutatesData: false}),
		exporterhelper.WithTimeout(exporterhelper.TimeoutConfig{}), // an attempt's: see retrier
		exporterhelper.WithRetry(p.cfg.RetryConfig),
		exporterhelper.WithQueue(p.cfg.QueueConfig),
	}
}
