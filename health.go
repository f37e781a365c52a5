package llmobservatoryexporter

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.uber.org/zap"

	"github.com/llm-observatory/llmobservatoryexporter/internal/maintain"
	"github.com/llm-observatory/llmobservatoryexporter/pool"
)

// idleIntervals is how many health check intervals after the last batch the
// probing stops, so that a serverless Postgres may sleep.
const idleIntervals = 10

const (
	// foldInterval is how often usage is folded at most; an hour that waits for it
	// is read from the spans.
	foldInterval = 5 * time.Minute
	// foldIdle is how long after the last batch folding stops: everything is folded
	// by then.
	foldIdle = 2 * time.Hour
)

// health reports changes of the exporter's state to the collector.
type health struct {
	host   component.Host
	logger *zap.Logger

	mu      sync.Mutex
	known   bool
	healthy bool
	touch   time.Time // when the last batch came
	success time.Time // when a write or a probe last succeeded
}

func newHealth(host component.Host, logger *zap.Logger) *health {
	return &health{host: host, logger: logger, touch: time.Now()}
}

// touched notes that a batch came.
func (h *health) touched() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.touch = time.Now()
}

// idle tells whether no batch has come for a while.
func (h *health) idle(now time.Time, while time.Duration) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return now.Sub(h.touch) >= while
}

// ok reports that Postgres works.
func (h *health) ok() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.success = time.Now()
	if h.known && h.healthy {
		return
	}
	if h.known {
		h.logger.Info("PostgreSQL works again")
	}
	h.known, h.healthy = true, true
	componentstatus.ReportStatus(h.host, componentstatus.NewEvent(componentstatus.StatusOK))
}

// failed reports that Postgres does not work at present.
func (h *health) failed(err error) {
	if errors.Is(err, context.Canceled) {
		return // the collector stops, Postgres may be well
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.known && !h.healthy {
		return
	}
	h.known, h.healthy = true, false
	h.logger.Warn("PostgreSQL does not work, batches wait", zap.Error(err))
	componentstatus.ReportStatus(h.host, componentstatus.NewRecoverableErrorEvent(err))
}

// broken reports what no retry can mend.
func (h *health) broken(err error) {
	h.logger.Error("The exporter cannot work until this is mended and the collector restarted", zap.Error(err))
	componentstatus.ReportStatus(h.host, componentstatus.NewPermanentErrorEvent(err))
}

// probeIn tells when to probe: an interval after the last success, which may just
// have been; while Postgres does not work, or may sleep, in an interval.
func (h *health) probeIn(now time.Time, interval time.Duration) (in time.Duration, due bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.healthy {
		return interval, true
	}
	if now.Sub(h.touch) >= idleIntervals*interval {
		return interval, false
	}
	if left := interval - now.Sub(h.success); left > 0 {
		return left, false
	}
	return interval, true
}

// run connects if start could not, then probes Postgres and maintains the tables
// until ctx ends.
func (e *llmExporter) run(ctx context.Context) {
	if !e.ready.Load() && !e.connect(ctx) {
		return
	}
	// Apart, since maintenance may wait for locks.
	if e.cfg.HealthCheck.Interval > 0 {
		e.running.Go(func() { e.watch(ctx) })
	}
	fold := time.NewTicker(min(foldInterval, e.cfg.Retention.Interval))
	defer fold.Stop()
	upkeep := time.NewTicker(e.cfg.Retention.Interval)
	defer upkeep.Stop()
	now := time.Now()
	e.follow(ctx, now)
	e.maintain(ctx, now)
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-fold.C:
			e.follow(ctx, now)
		case now := <-upkeep.C:
			e.maintain(ctx, now)
		}
	}
}

// follow does what spans and erasures leave to do, unless nothing came for long.
func (e *llmExporter) follow(ctx context.Context, now time.Time) {
	if e.health.idle(now, foldIdle) {
		return
	}
	e.foldUsage(ctx, now)
	e.forgetErased(ctx)
}

// foldUsage sums up the hours that have ended.
func (e *llmExporter) foldUsage(ctx context.Context, now time.Time) {
	hours, err := maintain.FoldUsage(ctx, e.pool, e.cfg.Postgres.Schema, now)
	if err != nil && ctx.Err() == nil {
		e.logger.Warn("Could not fold the usage by the hour, dashboards take it from the spans", zap.Error(pool.Wrap("fold usage", err)))
	}
	if hours > 0 {
		e.logger.Debug("Folded usage", zap.Int("hours", hours))
	}
}

// forgetErased drops what was erased since the last time from the caches.
func (e *llmExporter) forgetErased(ctx context.Context) {
	traces, last, err := maintain.ErasedAfter(ctx, e.pool, e.cfg.Postgres.Schema, e.erased)
	if err == nil {
		err = e.resolver.forgetErased(ctx, traces)
	}
	if err != nil {
		if ctx.Err() == nil {
			e.logger.Warn("Could not drop erased traces from the caches", zap.Error(pool.Wrap("forget erased traces", err)))
		}
		return
	}
	e.erased = last
}

// maintain keeps partitions ahead of time, removes what is too old and freezes
// days that have ended.
func (e *llmExporter) maintain(ctx context.Context, now time.Time) {
	if err := e.writer.EnsureAhead(ctx); err != nil && ctx.Err() == nil {
		e.logger.Warn("Could not create partitions ahead of time", zap.Error(pool.Wrap("create partitions", err)))
	}
	dropped, err := e.retention.Run(ctx, now)
	if err != nil && ctx.Err() == nil {
		e.logger.Warn("Could not remove all that is older than the retention", zap.Error(pool.Wrap("retention", err)))
	}
	if dropped {
		e.writer.ForgetDays()
		e.resolver.forget()
	}
	if err := maintain.Freeze(ctx, e.pool, e.cfg.Postgres.Schema, now); err != nil && ctx.Err() == nil {
		e.logger.Warn("Could not vacuum the partitions of days that have ended", zap.Error(pool.Wrap("vacuum", err)))
	}
	if counts, err := maintain.Partitions(ctx, e.pool, e.cfg.Postgres.Schema); err == nil {
		e.telemetry.countPartitions(counts)
	}
}

// connect prepares again and again until it succeeds; false if ctx ends first
// or trying again cannot help.
func (e *llmExporter) connect(ctx context.Context) bool {
	delay := e.cfg.ConnectRetry.InitialDelay
	for {
		err := e.prepare(ctx)
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		if !pool.IsRetryable(err) {
			e.health.broken(err)
			return false
		}
		e.health.failed(err)
		timer := time.NewTimer(delay)
		select {
		case <-ctx.Done():
			timer.Stop()
			return false
		case <-timer.C:
		}
		delay = min(time.Duration(float64(delay)*e.cfg.ConnectRetry.Multiplier), e.cfg.ConnectRetry.MaxDelay)
	}
}

// watch asks Postgres for a sign of life, unless writes give it, until ctx ends.
func (e *llmExporter) watch(ctx context.Context) {
	interval := e.cfg.HealthCheck.Interval
	timer := time.NewTimer(interval)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-timer.C:
			next, due := e.health.probeIn(now, interval)
			if due {
				e.probe(ctx)
			}
			timer.Reset(next)
		}
	}
}

func (e *llmExporter) probe(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, e.cfg.HealthCheck.Interval)
	defer cancel()
	if err := e.pool.HealthCheckPostgres(ctx); err != nil {
		e.health.failed(err)
		return
	}
	e.health.ok()
}
