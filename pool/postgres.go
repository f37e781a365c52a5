package pool

import (
	"bytes"
	"context"
	"errors"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/llm-observatory/llmobservatoryexporter/internal/sleep"
)

// lifetimeJitterPercent of max_lifetime spreads the ends of connections that began together.
const lifetimeJitterPercent = 10

// pgxConfig returns what pgxpool needs. The Config must be valid.
func (c *Config) pgxConfig() (*pgxpool.Config, error) {
	conn := c.Postgres.connString()
	config, err := pgxpool.ParseConfig(conn)
	if err != nil {
		// The cause quotes the connection string.
		return nil, newError(KindConfig, "cannot connect to PostgreSQL", errors.New(connStringFault(conn)))
	}
	config.MaxConns = int32(c.Pool.MaxConnections)
	config.MinConns = int32(c.Pool.MinConnections)
	config.MaxConnIdleTime = c.Pool.IdleTimeout
	config.MaxConnLifetime = c.Pool.MaxLifetime
	config.MaxConnLifetimeJitter = c.Pool.MaxLifetime * lifetimeJitterPercent / 100
	if !says(conn, "connect_timeout") {
		config.ConnConfig.ConnectTimeout = c.Pool.ConnectTimeout
	}
	config.PingTimeout = config.ConnConfig.ConnectTimeout

	// Whatever the database's or the role's default is, text is sent and read as UTF-8.
	config.ConnConfig.RuntimeParams["client_encoding"] = "UTF8"

	// Statements are described once and then sent unnamed: nothing stays on a server connection that
	// PgBouncer may hand to someone else.
	config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	config.ConnConfig.StatementCacheCapacity = 0

	if validate := config.ConnConfig.ValidateConnect; validate != nil {
		config.ConnConfig.ValidateConnect = markUnsuitable(validate)
	}
	if file := c.Postgres.PasswordFile; file != "" {
		config.BeforeConnect = func(_ context.Context, conn *pgx.ConnConfig) (err error) {
			conn.Password, err = readPassword(file)
			return err
		}
	}
	return config, nil
}

// markUnsuitable lets a server that target_session_attrs refused be told from one that failed. It keeps the
// type that makes pgconn come back to a second choice.
func markUnsuitable(validate pgconn.ValidateConnectFunc) pgconn.ValidateConnectFunc {
	return func(ctx context.Context, conn *pgconn.PgConn) error {
		err := validate(ctx, conn)
		if err == nil {
			return nil
		}
		return unsuitableServer{err}
	}
}

// readPassword returns a file's content without the line end that editors add.
func readPassword(file string) (string, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return "", newError(KindConnection, "cannot read the password file", err)
	}
	return string(bytes.TrimRight(content, "\r\n")), nil
}

// Acquire hands out a connection, which the caller must release. If none becomes free before ctx ends, the
// error is of KindPool.
func (p *Pool) Acquire(ctx context.Context) (*pgxpool.Conn, error) {
	conn, err := p.postgres.Acquire(ctx)
	if err == nil {
		return conn, nil
	}
	stats := p.Stats()
	if errors.Is(err, context.DeadlineExceeded) && stats.Active >= stats.Max {
		return nil, newError(KindPool, "timed out waiting for a free connection, all pool::max_connections are in use", err)
	}
	return nil, Wrap("cannot get a PostgreSQL connection", err)
}

// Connect checks that Postgres can be reached and keeps the connection for later use. While an attempt fails
// in a way that can pass, it tries again as connect_retry says; the last error, or one that cannot pass, is
// returned as "PostgreSQL connection failed after N attempts: …".
func (p *Pool) Connect(ctx context.Context) error {
	delay := p.config.ConnectRetry.InitialDelay
	for attempt := 1; ; attempt++ {
		err := p.HealthCheckPostgres(ctx)
		if err == nil {
			return nil
		}
		if attempt >= p.config.ConnectRetry.MaxAttempts || !IsRetryable(err) || ctx.Err() != nil {
			return connectionFailed(attempt, err)
		}
		if sleep.For(ctx, delay) != nil {
			return connectionFailed(attempt, err)
		}
		delay = p.config.ConnectRetry.next(delay)
	}
}

// next is the delay after one of the given length.
func (c *RetryConfig) next(delay time.Duration) time.Duration {
	return min(time.Duration(float64(delay)*c.Multiplier), c.MaxDelay)
}
