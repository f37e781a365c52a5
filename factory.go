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
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/llm-observatory/llmobservatoryexporter/internal/metadata"
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

func createTraces(ctx context.Context, set exporter.Settings, cfg component.Config) (exporter.Traces, error) {
	config := cfg.(*Config)
	e, err := newExporter(set, config)
	if err != nil {
		return nil, err
	}
	r := &retrier{
		cfg: config.RetryConfig, timeout: config.TimeoutConfig.Timeout, store: e.pushTraces, logger: set.Logger,
		queue: config.queueKind(), stopping: make(chan struct{}),
	}
	set.Logger = set.Logger.WithOptions(zap.WrapCore(func(core zapcore.Core) zapcore.Core {
		return helperCore{Core: core, silent: r.isStopping}
	}))
	helper, err := exporterhelper.NewTraces(ctx, set, cfg,
		r.push,
		exporterhelper.WithStart(e.start),
		exporterhelper.WithShutdown(e.shutdown),
		exporterhelper.WithCapabilities(consumer.Capabilities{MutatesData: false}),
		exporterhelper.WithTimeout(exporterhelper.TimeoutConfig{}), // an attempt's: see retrier
		exporterhelper.WithRetry(config.RetryConfig),
		exporterhelper.WithQueue(config.QueueConfig),
	)
	if err != nil {
		return nil, err
	}
	return &tracesExporter{Traces: helper, exporter: e, retrier: r}, nil
}
