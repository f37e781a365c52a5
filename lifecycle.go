package llmobservatoryexporter

import (
	"context"
	"fmt"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// tracesExporter is exporterhelper's exporter, with a word before its start and its shutdown.
type tracesExporter struct {
	exporter.Traces
	exporter *llmExporter
	retrier  *retrier
}

// Start starts the exporter, then its queue.
func (t *tracesExporter) Start(ctx context.Context, host component.Host) error {
	queue := t.exporter.cfg.QueueConfig.Get()
	if t.retrier.queue == queueMemory {
		t.exporter.logger.Info("The sending_queue is in memory: what it holds is lost if the process is killed, or ends while PostgreSQL is away. "+
			"sending_queue::storage keeps it",
			zap.Int64("queue_size", queue.QueueSize), zap.String("sizer", queue.Sizer.String()))
	}
	err := t.Traces.Start(ctx, host)
	if err != nil && t.exporter.started && t.retrier.queue == queueDisk {
		return fmt.Errorf("sending_queue::storage: %s cannot be used; another collector may hold its directory, and each needs one of its own: %w",
			queue.StorageID, err)
	}
	return err
}

// Shutdown wakes the batches that wait for their next attempt before exporterhelper gives them up.
func (t *tracesExporter) Shutdown(ctx context.Context) error {
	t.retrier.stop(ctx, t.exporter.lastConnect)
	err := t.Traces.Shutdown(ctx)
	t.retrier.report()
	return err
}

// ExporterHelperBatchingEnabled tells the collector whether batches are formed here.
func (t *tracesExporter) ExporterHelperBatchingEnabled() bool {
	helper, ok := t.Traces.(interface{ ExporterHelperBatchingEnabled() bool })
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
