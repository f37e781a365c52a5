package llmobservatoryexporter

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v7"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.uber.org/zap"
	"golang.org/x/sync/semaphore"

	"github.com/llm-observatory/llmobservatoryexporter/internal/panics"
	"github.com/llm-observatory/llmobservatoryexporter/internal/signal"
)

const (
	// maxInHand bounds the batches that are mapped and stored at once: after an outage all consumers of the queue have
	// full batches, which as rows take several times their size.
	maxInHand = 128 << 20
	// bytesOfRow is what a span or record takes as a row, however little it says.
	bytesOfRow = 1536
)

// retrier tries to store a batch until Postgres takes it. exporterhelper's retry sender around it would drop the
// batches that wait when the collector shuts down; the retrier gives each of them a last attempt at once. Only
// the retry sender can tell the queue on disk to keep a batch, so both are needed.
type retrier struct {
	cfg     configretry.BackOffConfig
	timeout time.Duration // of one attempt; 0 is none
	store   func(context.Context, signal.Data) (rest signal.Data, err error)
	logger  *zap.Logger
	items   string // what the signal has, as metrics and logs name them: spans or log_records
	queue   queueKind
	inHand  *semaphore.Weighted // the exporter's

	stopOnce sync.Once
	stopping chan struct{} // closed when the shutdown begins
	last     context.Context
	end      context.CancelFunc
	left     atomic.Int64 // items whose last attempt failed
}

// queueKind says what becomes of a batch that was not stored at the end.
type queueKind int

const (
	queueNone   queueKind = iota // the client that waits is told
	queueMemory                  // lost
	queueDisk                    // kept for the next start
)

// stop begins the shutdown: after prepare every batch gets one more attempt, and all of them together the time of one.
func (r *retrier) stop(ctx context.Context, prepare func(context.Context)) {
	r.stopOnce.Do(func() {
		r.last, r.end = bounded(ctx, r.timeout)
		prepare(r.last)
		close(r.stopping)
	})
}

// bounded is context.WithTimeout for which 0 is no timeout.
func bounded(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, timeout)
}

// report says what the shutdown left, when all attempts are over.
func (r *retrier) report() {
	if r.end != nil {
		r.end()
	}
	left := zap.Int64(r.items, r.left.Load())
	switch {
	case r.left.Load() == 0:
	case r.queue == queueDisk:
		r.logger.Info("PostgreSQL did not take all batches before the end; the queue's storage keeps them for the next start", left)
	case r.queue == queueMemory:
		r.logger.Error("Lost "+strings.ReplaceAll(r.items, "_", " ")+": PostgreSQL did not take them before the end, and the queue is in memory", left)
	}
}

// isStopping reports whether the shutdown has begun.
func (r *retrier) isStopping() bool {
	select {
	case <-r.stopping:
		return true
	default:
		return false
	}
}

// push stores a batch. The error is of the last attempt and has the spans that are left.
func (r *retrier) push(ctx context.Context, data signal.Data) error {
	pauses := backoff.ExponentialBackOff{
		InitialInterval:     r.cfg.InitialInterval,
		RandomizationFactor: r.cfg.RandomizationFactor,
		Multiplier:          r.cfg.Multiplier,
		MaxInterval:         r.cfg.MaxInterval,
	}
	begin := time.Now()
	for {
		last := r.isStopping()
		rest, err := r.attempt(ctx, data, last)
		if err == nil || consumererror.IsPermanent(err) {
			return err
		}
		data, err = rest, rest.Error(err)
		if last {
			r.left.Add(int64(data.Len()))
			return err
		}
		if !r.cfg.Enabled {
			return err
		}
		pause := pauses.NextBackOff()
		if limit := r.cfg.MaxElapsedTime; limit > 0 && time.Since(begin)+pause > limit {
			// Permanent, so that the retry sender does not begin anew.
			return consumererror.NewPermanent(fmt.Errorf("not stored within retry_on_failure::max_elapsed_time: %w", err))
		}
		r.logger.Info("Exporting failed. Will retry after the interval.", zap.Error(err), zap.Stringer("interval", pause))
		if !r.wait(ctx, pause) {
			return err
		}
	}
}

// weigh estimates the memory that storing a batch takes, up to half of what may be taken at once: two batches go
// side by side whatever their size, one being mapped while PostgreSQL stores the other. One after the other, batches
// of 70 MB (workload agent, 4 callers, 2 cores) are written at 0.83 of that speed.
func weigh(data signal.Data) int64 {
	return min(int64(data.Bytes()+data.Len()*bytesOfRow), maxInHand/2)
}

// attempt tries once, when there is room. The wait for it is not part of the attempt's time. A panic
// that neither mapping nor writing could tie to a span costs the batch, not the process.
func (r *retrier) attempt(ctx context.Context, data signal.Data, last bool) (rest signal.Data, err error) {
	weight := weigh(data)
	if err := r.inHand.Acquire(ctx, weight); err != nil {
		return data, err
	}
	defer r.inHand.Release(weight)
	ctx, cancel := bounded(ctx, r.timeout)
	defer cancel()
	if last {
		stop := context.AfterFunc(r.last, cancel)
		defer stop()
	}
	err = panics.Safely(func() (err error) { rest, err = r.store(ctx, data); return err })
	if failed := new(panics.Error); errors.As(err, &failed) {
		r.logger.Error("A batch is lost, on which the exporter fails; please report this fault", zap.Int("items", data.Len()), zap.Error(failed))
		return data, consumererror.NewPermanent(err)
	}
	return rest, err
}

// wait ends early when the shutdown begins. It reports false if ctx ends first.
func (r *retrier) wait(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-r.stopping:
	case <-timer.C:
	}
	return true
}
