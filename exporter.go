package llmobservatoryexporter

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/exporter"
	"go.uber.org/zap"
	"golang.org/x/sync/semaphore"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/panics"
	"github.com/llm-observatory/llmobservatoryexporter/internal/pricing"
	"github.com/llm-observatory/llmobservatoryexporter/internal/signal"
	"github.com/llm-observatory/llmobservatoryexporter/internal/upkeep"
	"github.com/llm-observatory/llmobservatoryexporter/internal/write"
	"github.com/llm-observatory/llmobservatoryexporter/pool"
)

// errNotReady holds batches back until Postgres has been reached once.
var errNotReady = errors.New("PostgreSQL has not been reached yet")

// llmExporter stores what the pipelines of one configuration hand over. The fields are set
// before the first batch comes, and everything behind them is safe for the queue's
// consumers, each of which has a batch of its own, and for the background (lifecycle.go).
type llmExporter struct {
	cfg       *Config
	logger    *zap.Logger
	telemetry *telemetry
	health    *health
	mapper    *mapping.Mapper
	pricer    *pricing.Pricer
	repricer  *pricing.Repricer
	resolver  *traceResolver
	writer    *write.Writer

	pool    *pool.Pool
	upkeep  *upkeep.Upkeep
	ready   atomic.Bool         // the schema is there
	started bool                // Start has succeeded
	inHand  *semaphore.Weighted // bytes of the batches of all pipelines that are being stored

	stop    context.CancelFunc // of the background
	running sync.WaitGroup     // the background
}

// newExporter only keeps what it is given: nothing is opened before start.
func newExporter(set exporter.Settings, cfg *Config) (*llmExporter, error) {
	t, err := newTelemetry(set.TelemetrySettings, set.ID)
	if err != nil {
		return nil, err
	}
	options := mapping.Options{MaxBytes: cfg.Content.MaxBytes, Labels: cfg.Labels, Logger: set.Logger}
	if cfg.Content.Capture == captureMetadata {
		options.Capture = mapping.CaptureMetadata
	}
	return &llmExporter{
		cfg: cfg, logger: set.Logger, telemetry: t, mapper: mapping.New(options), inHand: semaphore.NewWeighted(maxInHand),
	}, nil
}

// push is the way of a batch, whatever its signal. With an error it returns what a later attempt has to store: all
// of the data where the exporter is not ready, prices cannot be read or the context ended the mapping, else what Postgres could
// not store at present. What can never be stored is set aside.
func (e *llmExporter) push(ctx context.Context, data signal.Data) (rest signal.Data, err error) {
	e.health.touched()
	if !e.ready.Load() {
		return data, errNotReady
	}
	begin := time.Now()
	if err := e.pricer.Refresh(ctx, e.pool); err != nil {
		err = pool.Wrap("cannot read llm_prices", err)
		e.health.failed(begin, err)
		return data, err
	}
	begin = time.Now()
	contents := e.writer.Mapped(ctx, data.Len(), data.Days())
	defer contents.Close()
	batch, err := data.Map(ctx, e.mapper, contents.Add)
	if err != nil {
		return data, pool.Wrap("cannot map the batch", err)
	}
	e.pricer.Estimate(batch.Spans)
	mapped := time.Since(begin)
	traces := e.resolver.resolve(ctx, batch.TraceIDs())
	result, err := e.writer.Write(ctx, batch, contents, traces.unknown)
	e.resolver.remember(ctx, result.Traces)

	e.crowded(result.Crowded)
	e.telemetry.looked(ctx, traces.lookups)
	e.telemetry.wrote(ctx, &result)
	for reason, aside := range result.SetAside {
		e.setAside(ctx, reason, aside)
	}
	if err != nil && len(result.Left)+len(result.LeftEvents) == batch.Len() {
		err = pool.Wrap("cannot store the batch", err)
		e.health.failed(begin, err)
		return data, err
	}
	// Counted once, with the attempt that settles the spans.
	e.telemetry.mapped(ctx, batch, result.Left, mapped)
	e.setAsideUnmapped(ctx, batch)
	if err != nil {
		return data.Rest(result.Left, result.LeftEvents), pool.Wrap("cannot store a part of the batch", err)
	}
	batch.Release() // after an error, a connection may still read the spans
	e.telemetry.took(ctx, phaseTotal, time.Since(begin))
	e.health.ok(begin)
	return nil, nil
}

// crowded warns where calls of one session or trace come so dense that some may count twice.
func (e *llmExporter) crowded(observations int) {
	if observations > 0 && e.telemetry.logOnce("crowded") {
		e.logger.Warn("Calls of one session or trace come so dense that not each was compared with all others; some may count twice",
			zap.Int("spans_and_log_records", observations))
	}
}

// setAsideUnmapped sets aside what no row can hold.
func (e *llmExporter) setAsideUnmapped(ctx context.Context, b *mapping.Batch) {
	for reason, spans := range b.Rejected {
		e.setAside(ctx, reason, write.SetAside{Spans: spans})
	}
	for reason, records := range b.RejectedRecords {
		e.setAside(ctx, reason, write.SetAside{Records: records})
	}
}

// setAside counts spans and log records that are not stored for a reason, and logs each reason
// once. Postgres' own message may quote what was sent, so only the code and the text of the
// rule are logged.
func (e *llmExporter) setAside(ctx context.Context, reason string, aside write.SetAside) {
	e.telemetry.rejected(ctx, reason, aside)
	if e.telemetry.logOnce(reason) {
		var failed *panics.Error
		if errors.As(aside.Err, &failed) {
			e.logger.Error("Storing failed on spans or log records, which are set aside; please report this fault", zap.Error(failed))
		}
		e.logger.Warn("Set spans or log records aside that cannot be stored; later ones of the same reason are only counted",
			zap.String("reason", reason), zap.Int("spans", aside.Spans), zap.Int("log_records", aside.Records), zap.String("rule", pool.Rule(aside.Err)))
	}
}

func (e *llmExporter) redisFailed(err error) {
	e.telemetry.redisFailed()
	e.pool.RedisFailed(err)
}
