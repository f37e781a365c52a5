package llmobservatoryexporter

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/collector/component"
	"go.uber.org/zap"

	"github.com/llm-observatory/llmobservatoryexporter/internal/pricing"
	"github.com/llm-observatory/llmobservatoryexporter/internal/schema"
	"github.com/llm-observatory/llmobservatoryexporter/internal/sleep"
	"github.com/llm-observatory/llmobservatoryexporter/internal/upkeep"
	"github.com/llm-observatory/llmobservatoryexporter/internal/write"
	"github.com/llm-observatory/llmobservatoryexporter/pool"
)

// partitionWindow is how old a span may be and still get a partition of its
// day while spans are kept for ever.
const partitionWindow = 400 * 24 * time.Hour

// insufficientPrivilege is the SQLSTATE of a right that the role lacks.
const insufficientPrivilege = "42501"

// Start opens the pool. Postgres that does not answer is waited for in the
// background; what no waiting mends, such as a wrong password, is an error, and
// then nothing stays open.
func (e *llmExporter) Start(ctx context.Context, host component.Host) error {
	background, stop := context.WithCancel(context.Background())
	e.stop = stop
	e.health = newHealth(host, e.logger)
	err := e.open(ctx)
	if err == nil {
		err = e.prepare(ctx)
		if pool.IsRetryable(err) {
			e.health.failed(time.Now(), err)
			err = nil
		}
	}
	if err != nil {
		return errors.Join(err, e.Shutdown(ctx))
	}
	e.started = true
	e.running.Go(func() { e.run(background) })
	return nil
}

// open builds what works on the pool, which connects when it is needed.
func (e *llmExporter) open(ctx context.Context) (err error) {
	connections := e.cfg.PoolConfig()
	if e.pool, err = pool.Open(ctx, connections, e.logger); err != nil {
		return err
	}
	e.resolver, err = newTraceResolver(e.pool.Redis, e.redisFailed, connections.Redis.KeyPrefix, connections.Redis.TTL)
	if err != nil {
		return err
	}
	e.writer = write.New(e.pool, e.cfg.Postgres.Schema, e.window())
	e.pricer = pricing.New(e.cfg.Postgres.Schema, e.logger)
	e.upkeep = &upkeep.Upkeep{
		Pool: e.pool, Schema: e.cfg.Postgres.Schema, Logger: e.logger,
		Spans: e.cfg.Retention.Spans, Contents: e.cfg.Retention.Contents, Interval: e.cfg.Retention.Interval,
		EnsureDays: e.writer.EnsureAhead,
		Window:     e.window(),
		IdleSince:  e.health.lastTouch,
		Dropped: func() {
			e.writer.ForgetDays()
			e.resolver.forget()
		},
		Erased:     e.resolver.forgetErased,
		Removed:    e.telemetry.removed,
		Partitions: e.telemetry.countPartitions,
		Overdue:    e.telemetry.countOverdue,
	}
	e.repricer = &pricing.Repricer{
		Pool: e.pool, Schema: e.cfg.Postgres.Schema, Pricer: e.pricer, Writer: e.writer, Logger: e.logger,
		Timeout:  e.cfg.TimeoutConfig.Timeout,
		Progress: e.telemetry.repriced, IdleSince: e.health.lastTouch, Idle: upkeep.Idle,
	}
	return e.telemetry.observePool(e.pool)
}

// window is how far back a day gets partitions of its own.
func (e *llmExporter) window() time.Duration {
	if e.cfg.Retention.Spans > 0 {
		return min(e.cfg.Retention.Spans, partitionWindow)
	}
	return partitionWindow
}

// prepare connects and makes sure that the schema is there.
func (e *llmExporter) prepare(ctx context.Context) error {
	if err := e.pool.Connect(ctx); err != nil {
		return connectError(err, e.pool.Postgres().Config().ConnConfig.Database)
	}
	server, version, err := e.prepareSchema(ctx)
	if err != nil {
		return err
	}
	if err := e.writer.EnsureAhead(ctx); err != nil {
		return pool.Wrap("cannot create the partitions of today and tomorrow", err)
	}
	if version > schema.Latest() {
		e.logger.Info("A newer release made the schema; this build works with the schema and leaves it as it is",
			zap.Int32("schema_version", version), zap.Int32("schema_version_of_build", schema.Latest()))
	}
	e.logger.Info("Connected to PostgreSQL",
		zap.String("server_version", server),
		zap.Int32("schema_version", version),
		zap.String("schema", e.cfg.Postgres.Schema),
		zap.Int("max_connections", e.cfg.Pool.MaxConnections))
	e.ready.Store(true)
	e.health.ok(time.Now())
	return nil
}

// prepareSchema makes or checks the schema, and gives its connection back: there
// may be no other.
func (e *llmExporter) prepareSchema(ctx context.Context) (serverVersion string, version int32, err error) {
	conn, err := e.pool.Acquire(ctx)
	if err != nil {
		return "", 0, err
	}
	defer conn.Release()
	apply := schema.Check
	if e.cfg.CreateSchema {
		apply = schema.Migrate
	}
	if err := apply(ctx, conn.Conn(), e.cfg.Postgres.Schema); err != nil {
		return "", 0, schemaError(err, e.cfg.Postgres.Schema)
	}
	if version, err = schema.Version(ctx, conn.Conn(), e.cfg.Postgres.Schema); err != nil {
		return "", 0, pool.Wrap("cannot read the version of the schema", err)
	}
	if err := e.pricer.Reload(ctx, conn.Conn()); err != nil {
		return "", 0, pool.Wrap("cannot read llm_prices", err)
	}
	return conn.Conn().PgConn().ParameterStatus("server_version"), version, nil
}

// lastConnect tries once more to reach a Postgres that has not been reached yet,
// so that batches can be stored before the end.
func (e *llmExporter) lastConnect(ctx context.Context) {
	if !e.started || e.ready.Load() {
		return
	}
	if err := e.prepare(ctx); err != nil {
		e.health.failed(time.Now(), err)
	}
}

// run connects if start could not, then probes Postgres and keeps the tables in shape
// until ctx ends.
func (e *llmExporter) run(ctx context.Context) {
	if !e.ready.Load() && !e.connect(ctx) {
		return
	}
	// Apart, since upkeep may wait for locks.
	if e.cfg.HealthCheck.Interval > 0 {
		e.running.Go(func() { e.watch(ctx) })
	}
	e.running.Go(func() { e.repricer.Run(ctx) })
	e.upkeep.Run(ctx)
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
		e.health.failed(time.Now(), err)
		if sleep.For(ctx, delay) != nil {
			return false
		}
		delay = min(time.Duration(float64(delay)*e.cfg.ConnectRetry.Multiplier), e.cfg.ConnectRetry.MaxDelay)
	}
}

// connectError says what to do where no waiting helps.
func connectError(err error, database string) error {
	if pool.IsRetryable(err) {
		return err
	}
	return fmt.Errorf("%w; %s", err, pool.Hint(err, database))
}

// schemaError tells a database that went away while its schema was checked
// from one whose schema is wrong, and says which right is missing.
func schemaError(err error, name string) error {
	if pool.IsRetryable(err) {
		return pool.Wrap("cannot check the schema", err)
	}
	if pool.SQLState(err) == insufficientPrivilege {
		quoted := pgx.Identifier{name}.Sanitize()
		err = fmt.Errorf("%w; as an administrator GRANT USAGE, CREATE ON SCHEMA %s to the collector's role, or GRANT CREATE ON DATABASE "+
			"and set postgres::schema to a new name, or apply the migrations as the owner and set create_schema: false", err, quoted)
	}
	return &pool.Error{Kind: pool.KindMigration, Doing: "the schema is not usable", Err: err}
}

// Shutdown waits for the background work and gives the connections back. The
// queue has been drained by then.
func (e *llmExporter) Shutdown(ctx context.Context) error {
	if e.stop == nil {
		return nil // never started
	}
	e.stop()
	e.running.Wait()
	e.telemetry.shutdown()
	if e.pool == nil {
		return nil
	}
	return e.pool.Close(ctx)
}
