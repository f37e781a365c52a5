package llmobservatoryexporter

import (
	"context"
	"fmt"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/llm-observatory/llmobservatoryexporter/internal/shared"
	"github.com/llm-observatory/llmobservatoryexporter/internal/signal"
)

// pipeline is exporterhelper's exporter for one signal, with a word before its start and its shutdown. The pipelines
// of one configuration share the exporter behind.
type pipeline struct {
	component.Component // exporterhelper's

	cfg      *Config
	exporter *shared.Component[*llmExporter]
	retrier  *retrier
	settings exporter.Settings // for exporterhelper
}

// tracesPipeline is the pipeline of the traces signal.
type tracesPipeline struct {
	*pipeline
	consumer.Traces
}

// logsPipeline is the pipeline of the logs signal.
type logsPipeline struct {
	*pipeline
	consumer.Logs
}

// newPipeline makes the pipeline of a signal whose items are spans or log_records.
func newPipeline(set exporter.Settings, cfg *Config, items string) (*pipeline, error) {
	e, err := exporters.Get(cfg, func() (*llmExporter, error) { return newExporter(set, cfg) })
	if err != nil {
		return nil, err
	}
	r := &retrier{
		cfg: cfg.RetryConfig, timeout: cfg.TimeoutConfig.Timeout, store: e.Inner.push, logger: set.Logger, items: items,
		queue: cfg.queueKind(), inHand: e.Inner.inHand, stopping: make(chan struct{}),
	}
	set.Logger = set.Logger.WithOptions(zap.WrapCore(func(core zapcore.Core) zapcore.Core {
		return helperCore{Core: core, silent: r.isStopping}
	}))
	return &pipeline{cfg: cfg, exporter: e, retrier: r, settings: set}, nil
}

func (p *pipeline) push(ctx context.Context, data signal.Data) error {
	return p.retrier.push(ctx, data)
}

// Start starts the exporter, then its queue.
func (p *pipeline) Start(ctx context.Context, host component.Host) error {
	p.warnOfLosses()
	err := p.Component.Start(ctx, host)
	if err != nil && p.exporter.Inner.started && p.retrier.queue == queueDisk {
		return fmt.Errorf("sending_queue::storage: %s cannot be used; another collector may hold its directory, and each needs one of its own: %w",
			p.cfg.QueueConfig.Get().StorageID, err)
	}
	return err
}

// warnOfLosses says which settings lose batches that have been accepted.
func (p *pipeline) warnOfLosses() {
	logger, retry := p.exporter.Inner.logger, p.cfg.RetryConfig
	if p.retrier.queue == queueNone {
		return // the client that waits is told
	}
	if p.retrier.queue == queueMemory {
		queue := p.cfg.QueueConfig.Get()
		logger.Info("The sending_queue is in memory: what it holds is lost if the process is killed, or ends while PostgreSQL is away. "+
			"sending_queue::storage keeps it",
			zap.Int64("queue_size", queue.QueueSize), zap.String("sizer", queue.Sizer.String()))
	}
	switch {
	case !retry.Enabled:
		logger.Warn("retry_on_failure::enabled is false: a batch that PostgreSQL does not take at the first attempt is lost")
	case retry.MaxElapsedTime > 0:
		logger.Warn("retry_on_failure::max_elapsed_time is set: a batch that PostgreSQL does not take in that time is lost; 0s tries without end",
			zap.Duration("max_elapsed_time", retry.MaxElapsedTime))
	}
}

// Shutdown wakes the batches that wait for their next attempt before exporterhelper gives them up.
func (p *pipeline) Shutdown(ctx context.Context) error {
	p.retrier.stop(ctx, p.exporter.Inner.lastConnect)
	err := p.Component.Shutdown(ctx)
	p.retrier.report()
	return err
}

// ExporterHelperBatchingEnabled tells the collector whether batches are formed here.
func (p *pipeline) ExporterHelperBatchingEnabled() bool {
	helper, ok := p.Component.(interface{ ExporterHelperBatchingEnabled() bool })
	return ok && helper.ExporterHelperBatchingEnabled()
}

// helperCore is the log of exporterhelper. At a shutdown exporterhelper reports every batch as dropped that its queue keeps
// on disk; the retrier says what is true.
type helperCore struct {
	zapcore.Core
	silent func() bool
}

// helperMessages begins what exporterhelper says about a batch that was not stored.
const helperMessages = "Exporting failed."

func (c helperCore) With(fields []zapcore.Field) zapcore.Core {
	return helperCore{Core: c.Core.With(fields), silent: c.silent}
}

func (c helperCore) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if strings.HasPrefix(entry.Message, helperMessages) && c.silent() {
		return checked
	}
	return c.Core.Check(entry, checked)
}
