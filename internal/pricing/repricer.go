package pricing

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap"

	"github.com/llm-observatory/llmobservatoryexporter/internal/panics"
	"github.com/llm-observatory/llmobservatoryexporter/internal/sleep"
	"github.com/llm-observatory/llmobservatoryexporter/internal/write"
)

const (
	// ReloadInterval is how often llm_prices is looked at.
	ReloadInterval = 10 * time.Second
	// maxAge is how old the prices may be that a batch is estimated by.
	maxAge = ReloadInterval + 5*time.Second
	// longBatch is how long a batch may take that no timeout ends.
	longBatch = 10 * time.Minute
	// slack is for what else takes time between looking at prices and storing a batch.
	slack = 10 * time.Second
	// pause is what a transaction of repricing leaves to the writing, in parts of its time: a month of
	// 1,000,000 calls follows within five minutes on two cores that write all the time.
	pause = 1.1
)

// Pool hands out connections.
type Pool interface {
	Acquire(ctx context.Context) (*pgxpool.Conn, error)
}

// Repricer estimates the past again when prices change. Any number of collectors may do
// so at once: each takes a day.
type Repricer struct {
	Pool   Pool
	Schema string
	Pricer *Pricer
	Writer *write.Writer
	Logger *zap.Logger
	// Timeout ends the storing of a batch; 0: nothing does.
	Timeout time.Duration
	// Progress gets what a transaction has done.
	Progress func(context.Context, *write.Repriced)
	// IdleSince tells when the last batch came; Idle is after which time nothing is asked.
	IdleSince func() time.Time
	Idle      time.Duration
}

// Run works until ctx ends.
func (r *Repricer) Run(ctx context.Context) {
	tick := time.NewTicker(ReloadInterval)
	defer tick.Stop()
	for {
		if time.Since(r.IdleSince()) < r.Idle {
			err := panics.Safely(func() error { return r.once(ctx) })
			if err != nil && ctx.Err() == nil {
				r.Logger.Warn("Could not price the past again; the next attempt follows", zap.Error(err))
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// once notes changes of prices and estimates what they concern.
func (r *Repricer) once(ctx context.Context) error {
	if err := r.Note(ctx); err != nil {
		return err
	}
	if err := r.Reprice(ctx); err != nil {
		return err
	}
	return r.RepriceDue(ctx)
}

// settled is how long after a change of prices was noted no batch is stored any more that was
// estimated by those of before, and how long before that such a batch has begun at most.
func (r *Repricer) settled() time.Duration {
	return maxAge + cmp.Or(r.Timeout, longBatch) + slack
}

// Note notes the days whose prices have changed, to be priced again.
func (r *Repricer) Note(ctx context.Context) error {
	conn, err := r.Pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if err := r.Pricer.Reload(ctx, conn.Conn()); err != nil {
		return fmt.Errorf("read llm_prices: %w", err)
	}
	if r.Pricer.noted() {
		return nil
	}
	digest := r.Pricer.digest()
	var changes int
	if err := conn.QueryRow(ctx, "SELECT "+r.function("llm_internal_note_prices")+"($1)", r.settled()).Scan(&changes); err != nil {
		return fmt.Errorf("note changed prices: %w", err)
	}
	r.Pricer.note(digest)
	if changes > 0 {
		r.Logger.Info("Prices have changed; calls of the days they hold for are priced again")
	}
	return nil
}

func (r *Repricer) function(name string) string { return pgx.Identifier{r.Schema, name}.Sanitize() }

// list lists the days that are to be priced again by now, and returns how many those are.
func (r *Repricer) list(ctx context.Context) (days int, err error) {
	conn, err := r.Pool.Acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Release()
	if err := conn.QueryRow(ctx, "SELECT "+r.function("llm_internal_list_repricing")+"()").Scan(&days); err != nil {
		return 0, fmt.Errorf("list days to price again: %w", err)
	}
	if days > 0 {
		r.Logger.Info("Pricing calls again", zap.Int("days", days))
	}
	return days, nil
}

// Reprice prices the days again that wait for it, until none is left or another collector is
// at those that are.
func (r *Repricer) Reprice(ctx context.Context) error {
	for {
		days, err := r.list(ctx)
		if err != nil {
			return err
		}
		if err := r.repriceListed(ctx); err != nil || days == 0 {
			return err
		}
	}
}

func (r *Repricer) repriceListed(ctx context.Context) error {
	var sum write.Repriced
	return r.repeat(ctx, r.Writer.Reprice, func(done *write.Repriced) {
		sum.Traces, sum.Calls, sum.Changed = sum.Traces+done.Traces, sum.Calls+done.Calls, sum.Changed+done.Changed
		if done.Done && sum.Traces > 0 {
			r.Logger.Info("Priced a day again", zap.String("day", time.Unix(int64(done.Day)*24*60*60, 0).UTC().Format(time.DateOnly)),
				zap.Int("traces", sum.Traces), zap.Int("calls", sum.Calls), zap.Int("changed", sum.Changed))
			sum = write.Repriced{}
		}
	})
}

// RepriceDue prices the traces again that wait for the model of a call, as far as they are due.
func (r *Repricer) RepriceDue(ctx context.Context) error {
	return r.repeat(ctx, r.Writer.RepriceDue, func(*write.Repriced) {})
}

// repeat makes transactions that price until there is nothing to do, with pauses between.
func (r *Repricer) repeat(ctx context.Context, next func(context.Context, write.Prices) (*write.Repriced, error), did func(*write.Repriced)) error {
	for ctx.Err() == nil {
		begin := time.Now()
		done, err := next(ctx, r.Pricer)
		if err != nil || done == nil {
			return err
		}
		r.Progress(ctx, done)
		did(done)
		if err := sleep.For(ctx, time.Duration(pause*float64(time.Since(begin)))); err != nil {
			return err
		}
	}
	return ctx.Err()
}
