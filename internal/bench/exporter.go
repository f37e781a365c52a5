package main

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/llm-observatory/llmobservatoryexporter"
	"github.com/llm-observatory/llmobservatoryexporter/internal/metadata"
	"github.com/llm-observatory/llmobservatoryexporter/pool"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
)

// exporterSubject is the exporter as the collector builds it, but without queue and retry, so that
// ConsumeTraces and ConsumeLogs return once the batch is committed.
type exporterSubject struct {
	process
	exporter exporter.Traces
	logs     exporter.Logs // of the same configuration
	phases   phaseTimes
}

func startExporter(ctx context.Context, url string, _ time.Time, callers int) (subject, error) {
	return startConfigured(ctx, url, callers, func(*llmobservatoryexporter.Config) {})
}

// startTraces is startExporter in the traces pipeline alone.
func startTraces(ctx context.Context, url string, day time.Time, callers int) (subject, error) {
	both, err := startExporter(ctx, url, day, callers)
	if err != nil {
		return nil, err
	}
	s := both.(*exporterSubject)
	err = s.logs.Shutdown(ctx)
	s.logs = nil
	return s, err
}

// startUnpriced is startExporter with an empty llm_prices: no call has a price.
func startUnpriced(ctx context.Context, url string, day time.Time, callers int) (subject, error) {
	first, err := startExporter(ctx, url, day, callers) // makes the tables
	if err != nil {
		return nil, err
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, errors.Join(err, first.stop(ctx))
	}
	_, err = conn.Exec(ctx, "TRUNCATE llm_prices")
	if err := errors.Join(err, conn.Close(ctx), first.stop(ctx)); err != nil {
		return nil, err
	}
	return startExporter(ctx, url, day, callers)
}

// startConfigured is startExporter with a configuration that change has the last word on.
func startConfigured(ctx context.Context, url string, callers int, change func(*llmobservatoryexporter.Config)) (subject, error) {
	factory := llmobservatoryexporter.NewFactory()
	cfg := factory.CreateDefaultConfig().(*llmobservatoryexporter.Config)
	cfg.Postgres.URL = configopaque.String(url)
	cfg.Redis = configoptional.None[pool.RedisConfig]()
	cfg.QueueConfig = configoptional.None[exporterhelper.QueueBatchConfig]()
	cfg.RetryConfig.Enabled = false
	cfg.TimeoutConfig.Timeout = 5 * time.Minute
	cfg.HealthCheck.Interval = 0
	cfg.Pool.MinConnections = 0
	cfg.Pool.MaxConnections = callers + 1
	change(cfg)
	s := &exporterSubject{}
	set := exportertest.NewNopSettings(metadata.Type)
	s.phases, set.MeterProvider = newPhaseTimes()
	var err error
	if s.exporter, err = factory.CreateTraces(ctx, set, cfg); err != nil {
		return nil, err
	}
	if s.logs, err = factory.CreateLogs(ctx, set, cfg); err != nil {
		return nil, err
	}
	host := componenttest.NewNopHost()
	return s, errors.Join(s.exporter.Start(ctx, host), s.logs.Start(ctx, host))
}

func (s *exporterSubject) used(ctx context.Context) (usage, error) {
	u, err := s.process.used(ctx)
	if err != nil {
		return u, err
	}
	u.phases, err = s.phases.sums(ctx)
	return u, err
}

func (s *exporterSubject) write(ctx context.Context, b *batch) error {
	if b.logs != nil {
		return s.logs.ConsumeLogs(ctx, *b.logs)
	}
	return s.exporter.ConsumeTraces(ctx, b.traces)
}

func (s *exporterSubject) settle(context.Context, int) error { return nil }

func (s *exporterSubject) stop(ctx context.Context) error {
	err := s.exporter.Shutdown(ctx)
	if s.logs != nil {
		err = errors.Join(err, s.logs.Shutdown(ctx))
	}
	return err
}
