package pool

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"
)

// Pool holds the connections. Its methods can be called concurrently.
type Pool struct {
	config   Config
	logger   *zap.Logger
	postgres *pgxpool.Pool
	redis    *redisClient // nil without Redis

	closeOnce sync.Once
	closed    chan struct{} // closed when Close has finished
}

// New opens the connections as cfg says and waits until Postgres answers; see [Pool.Connect] for how often
// it tries. Redis that does not answer is a warning: the Pool works without it and tries again in the
// background. The caller must Close the Pool. A nil logger logs nothing.
func New(ctx context.Context, cfg Config, logger *zap.Logger) (*Pool, error) {
	p, err := Open(ctx, cfg, logger)
	if err != nil {
		return nil, err
	}
	if err := p.Connect(ctx); err != nil {
		return nil, errors.Join(err, p.Close(ctx))
	}
	return p, nil
}

// Open is New without the wait: it returns at once and connects in the background, so that a program can
// start before its database. The only errors are faults in cfg. Call [Pool.Connect] to learn whether Postgres
// can be reached. The context is only used for its values.
func Open(ctx context.Context, cfg Config, logger *zap.Logger) (*Pool, error) {
	if logger == nil {
		logger = zap.NewNop()
	}
	if err := cfg.Validate(); err != nil {
		return nil, newError(KindConfig, "invalid configuration", err)
	}
	config, err := cfg.pgxConfig()
	if err != nil {
		return nil, err
	}
	p := &Pool{config: cfg, logger: logger, closed: make(chan struct{})}
	if cfg.UseRedis {
		if p.redis, err = openRedis(cfg.Redis, cfg.ConnectRetry, logger); err != nil {
			return nil, err
		}
	}
	if p.postgres, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		if p.redis != nil {
			p.redis.close()
		}
		return nil, Wrap("cannot open the PostgreSQL pool", err)
	}
	return p, nil
}

// Postgres returns the pool of Postgres connections. Do not close it.
func (p *Pool) Postgres() *pgxpool.Pool { return p.postgres }

// Redis returns the client, or nil if Redis is not configured or does not answer at present. Do not close it.
func (p *Pool) Redis() redis.UniversalClient {
	if p.redis == nil || !p.redis.up.Load() {
		return nil
	}
	return p.redis.client
}

// RedisFailed tells the Pool that a Redis command failed: Redis returns nil from now on until Redis answers
// again, which is tried in the background.
func (p *Pool) RedisFailed(err error) {
	if p.redis != nil {
		p.redis.failed(err)
	}
}

// Close waits until the connections in use have been given back and closes all. If ctx ends first, Close
// returns its error and the rest happens in the background. Closing again waits again.
func (p *Pool) Close(ctx context.Context) error {
	p.closeOnce.Do(func() {
		go func() {
			defer close(p.closed)
			if p.redis != nil {
				p.redis.close()
			}
			p.postgres.Close()
		}()
	})
	select {
	case <-p.closed:
		return nil
	case <-ctx.Done():
		return Wrap("connections were still in use when the pool had to close", ctx.Err())
	}
}

func connectionFailed(attempts int, err error) error {
	noun := "attempts"
	if attempts == 1 {
		noun = "attempt"
	}
	kind := KindOf(err)
	var known *Error
	if errors.As(err, &known) {
		err = known.Err // that Postgres cannot be reached is said already
	}
	return newError(kind, fmt.Sprintf("PostgreSQL connection failed after %d %s", attempts, noun), oneLine{err})
}

// oneLine shows an error of many lines, one for each host and way of connecting, on one, each reason once.
type oneLine struct{ error }

// Error returns the line.
func (e oneLine) Error() string {
	var reasons []string
	for line := range strings.Lines(e.error.Error()) {
		if line = strings.TrimSpace(line); !slices.Contains(reasons, line) {
			reasons = append(reasons, line)
		}
	}
	return strings.Replace(strings.Join(reasons, "; "), ":; ", ": ", 1)
}

// Unwrap returns the error as it was.
func (e oneLine) Unwrap() error { return e.error }
