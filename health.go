package llmobservatoryexporter

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.uber.org/zap"

	"github.com/llm-observatory/llmobservatoryexporter/pool"
)

// idleIntervals is how many health check intervals after the last batch the
// probing stops, so that a serverless Postgres may sleep.
const idleIntervals = 10

// health reports changes of the exporter's state to the collector.
type health struct {
	host   component.Host
	logger *zap.Logger

	mu      sync.Mutex
	known   bool
	healthy bool
	changed time.Time // when healthy last changed
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

// lastTouch tells when the last batch came.
func (h *health) lastTouch() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.touch
}

// ok reports that what began at a time found Postgres to work.
func (h *health) ok(begun time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	again := h.known
	if h.turn(true, begun) {
		if again {
			h.logger.Info("PostgreSQL works again")
		}
		componentstatus.ReportStatus(h.host, componentstatus.NewEvent(componentstatus.StatusOK))
	}
	if h.healthy {
		h.success = time.Now()
	}
}

// failed reports that what began at a time failed, since Postgres does not work at present.
func (h *health) failed(begun time.Time, err error) {
	if errors.Is(err, context.Canceled) {
		return // the collector stops, Postgres may be well
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.turn(false, begun) {
		h.logger.Warn(pool.Problem(err)+"; batches wait", zap.Error(err))
		componentstatus.ReportStatus(h.host, componentstatus.NewRecoverableErrorEvent(err))
	}
}

// turn notes what something found that began at a time, and returns whether that is a change. What began before the last
// change says nothing of the time after: batches that end at the same moment may report in any order.
func (h *health) turn(healthy bool, begun time.Time) (changes bool) {
	if h.known && (h.healthy == healthy || begun.Before(h.changed)) {
		return false
	}
	h.known, h.healthy, h.changed = true, healthy, time.Now()
	return true
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
	begin := time.Now()
	if err := e.pool.HealthCheckPostgres(ctx); err != nil {
		e.health.failed(begin, err)
		return
	}
	e.health.ok(begin)
}
