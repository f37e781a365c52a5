package pool

import (
	"context"
	"errors"
	"strings"
	"time"
)

// nearCapacityPercent is where a pool needs attention.
const nearCapacityPercent = 80

// Stats is a snapshot of the Postgres connections.
type Stats struct {
	Size         int32 // connections there are: Active, Idle and Constructing
	Active       int32 // in use
	Idle         int32 // ready for use
	Constructing int32 // being opened
	Max          int32 // pool::max_connections

	Acquires    int64         // connections handed out since the start
	AcquireWait time.Duration // time that all of these had to be waited for
}

// UtilizationPercent is the share of Max that is in use, 0 to 100.
func (s Stats) UtilizationPercent() float64 {
	if s.Max == 0 {
		return 0
	}
	return 100 * float64(s.Active) / float64(s.Max)
}

// IsNearCapacity reports whether more than 80 % of Max are in use.
func (s Stats) IsNearCapacity() bool { return s.UtilizationPercent() > nearCapacityPercent }

// Stats returns a snapshot.
func (p *Pool) Stats() Stats {
	s := p.postgres.Stat()
	return Stats{
		Size:         s.TotalConns(),
		Active:       s.AcquiredConns(),
		Idle:         s.IdleConns(),
		Constructing: s.ConstructingConns(),
		Max:          s.MaxConns(),
		Acquires:     s.AcquireCount(),
		AcquireWait:  s.AcquireDuration(),
	}
}

// Health is the result of [Pool.HealthCheck] while Postgres answers.
type Health struct {
	// RedisError says why Redis, though configured, is not in use. The Pool works, more slowly.
	RedisError error
}

// Degraded reports whether anything but Postgres is missing.
func (h Health) Degraded() bool { return h.RedisError != nil }

// HealthCheck asks both servers. The error is Postgres's; without Redis the Pool is only degraded.
func (p *Pool) HealthCheck(ctx context.Context) (Health, error) {
	if err := p.HealthCheckPostgres(ctx); err != nil {
		return Health{}, err
	}
	return Health{RedisError: p.HealthCheckRedis(ctx)}, nil
}

// HealthCheckPostgres runs a statement that touches no table.
func (p *Pool) HealthCheckPostgres(ctx context.Context) error {
	conn, err := p.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	_, err = conn.Exec(ctx, "SELECT 1")
	return Wrap("PostgreSQL does not answer", err)
}

// HealthCheckRedis pings Redis; an error also takes it out of use until it answers. Without Redis in the
// configuration there is no error.
func (p *Pool) HealthCheckRedis(ctx context.Context) error {
	if p.redis == nil {
		return nil
	}
	err := p.redis.ping(ctx)
	if err != nil {
		p.redis.failed(err)
	}
	return err
}

// RedisVersion returns what Redis says its version is.
func (p *Pool) RedisVersion(ctx context.Context) (string, error) {
	if p.redis == nil {
		return "", newError(KindRedis, "cannot ask for the version", errors.New("Redis is not configured"))
	}
	const label = "redis_version:"
	info, err := p.redis.client.Info(ctx, "server").Result()
	if err != nil {
		return "", newError(KindRedis, "cannot ask for the version", err)
	}
	for line := range strings.Lines(info) {
		if version, found := strings.CutPrefix(line, label); found {
			return strings.TrimSpace(version), nil
		}
	}
	return "", newError(KindRedis, "cannot ask for the version", errors.New("there is none in INFO server"))
}
