package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/llm-observatory/llmobservatoryexporter/internal/schema"
	"github.com/llm-observatory/llmobservatoryexporter/pool"
)

const (
	hintConfiguration = "correct the keys above in the YAML file, in the environment or in .env"
	hintRedis         = "check redis::url (REDIS_URL); the exporter works without Redis, so the block may also go"
)

// Names of the steps, in order.
const (
	stepConfiguration = "Configuration"
	stepConnection    = "Connection"
	stepPostgres      = "PostgreSQL"
	stepRedis         = "Redis"
	stepSchema        = "Schema"
	stepPool          = "Pool"
)

// check takes all steps. Those that need what failed before are skipped.
func check(ctx context.Context, file, exporter string) *report {
	r := &report{}
	s, err := readSettings(ctx, file, exporter)
	if err != nil {
		r.add(step{Name: stepConfiguration, Status: failed, Detail: err.Error(), Hint: hintConfiguration})
		r.skip(stepConnection, stepPostgres, stepRedis, stepSchema, stepPool)
		return r
	}
	r.add(step{Name: stepConfiguration, Status: passed, Detail: "from " + s.source})

	// One connection is enough to test with, and it does not take those of a running exporter.
	s.pool.Pool.MinConnections = 0
	p, err := pool.Open(ctx, s.pool, nil)
	if err != nil {
		r.add(step{Name: stepConnection, Status: failed, Detail: err.Error(), Hint: hintConfiguration})
		r.skip(stepPostgres, stepRedis, stepSchema, stepPool)
		return r
	}
	defer func() { _ = p.Close(ctx) }() // all that matters has been reported

	connected := r.checkConnection(ctx, p)
	if connected {
		r.checkPostgres(ctx, p)
	} else {
		r.skip(stepPostgres)
	}
	r.checkRedis(ctx, p, s)
	if !connected {
		r.skip(stepSchema, stepPool)
		return r
	}
	r.checkSchema(ctx, p, s)
	r.checkPool(p)
	return r
}

func (r *report) checkConnection(ctx context.Context, p *pool.Pool) bool {
	begin := time.Now()
	target := p.Postgres().Config().ConnConfig
	if err := p.Connect(ctx); err != nil {
		r.add(step{Name: stepConnection, Status: failed, Detail: err.Error(), Hint: pool.Hint(err, target.Database)})
		return false
	}
	r.add(step{
		Name:      stepConnection,
		Status:    passed,
		Detail:    fmt.Sprintf("%s@%s:%d/%s", target.User, target.Host, target.Port, target.Database),
		LatencyMS: milliseconds(time.Since(begin)),
	})
	return true
}

func (r *report) checkPostgres(ctx context.Context, p *pool.Pool) {
	var version, encryption string
	begin := time.Now()
	err := withConn(ctx, p, func(conn *pgx.Conn) error {
		begin = time.Now()
		if err := conn.QueryRow(ctx, "SHOW server_version").Scan(&version); err != nil {
			return err
		}
		encryption = tlsState(conn)
		return nil
	})
	if err != nil {
		r.add(step{Name: stepPostgres, Status: failed, Detail: err.Error(), Hint: pool.Hint(err, "")})
		return
	}
	r.add(step{
		Name:      stepPostgres,
		Status:    passed,
		Detail:    "version " + version,
		Version:   version,
		TLS:       encryption,
		LatencyMS: milliseconds(time.Since(begin)),
	})
}

// tlsState describes the encryption of the way to the server or to the pooler before it.
func tlsState(conn *pgx.Conn) string {
	encrypted, ok := conn.PgConn().Conn().(*tls.Conn)
	if !ok {
		return "off"
	}
	state := encrypted.ConnectionState()
	return tls.VersionName(state.Version) + " " + tls.CipherSuiteName(state.CipherSuite)
}

func (r *report) checkRedis(ctx context.Context, p *pool.Pool, s settings) {
	if !s.pool.UseRedis {
		r.add(step{Name: stepRedis, Status: skipped, Detail: "not configured; the exporter works without it"})
		return
	}
	begin := time.Now()
	if err := p.HealthCheckRedis(ctx); err != nil {
		r.add(step{Name: stepRedis, Status: failed, Detail: err.Error(), Hint: hintRedis})
		return
	}
	result := step{Name: stepRedis, Status: passed, Detail: "answers", TLS: "off", LatencyMS: milliseconds(time.Since(begin))}
	if version, err := p.RedisVersion(ctx); err == nil { // a restricted user may not ask
		result.Detail = "version " + version
		result.Version = version
	}
	if strings.HasPrefix(string(s.pool.Redis.URL), "rediss:") || s.pool.Redis.TLS != (pool.TLSConfig{}) {
		result.TLS = "on"
	}
	r.add(result)
}

func (r *report) checkSchema(ctx context.Context, p *pool.Pool, s settings) {
	name := s.pool.Postgres.Schema
	var version int32
	var unfit error
	var strays []string
	err := withConn(ctx, p, func(conn *pgx.Conn) (err error) {
		version, err = schema.Version(ctx, conn, name)
		if err != nil {
			return err
		}
		if unfit = schema.Check(ctx, conn, name); unfit == nil {
			strays, err = defaultPartitionRows(ctx, conn, name)
		}
		return err
	})
	if err != nil {
		r.add(step{Name: stepSchema, Status: failed, Detail: err.Error(), Hint: pool.Hint(err, "")})
		return
	}
	r.add(schemaStep(name, version, unfit, strays, s.createSchema))
}

// schemaStep judges a schema by its version, 0 if there is none, and by why this build
// cannot work with the schema, if so.
func schemaStep(name string, version int32, unfit error, strays []string, createSchema bool) step {
	latest := schema.Latest()
	result := step{
		Name:    stepSchema,
		Status:  passed,
		Detail:  fmt.Sprintf("%q is at version %d of %d", name, version, latest),
		Version: fmt.Sprint(version),
	}
	if version > latest {
		result.Detail += ", made by a newer release"
	}
	switch {
	case unfit != nil && version > latest:
		result.Status = failed
		result.Detail = unfit.Error()
		result.Hint = "install the newer release"
	case unfit != nil && createSchema:
		result.Status = skipped
		result.Detail += "; the exporter brings it up to date when it starts"
	case unfit != nil:
		result.Status = failed
		result.Hint = "apply the missing migrations as the owner, or set create_schema: true"
	case len(strays) > 0:
		result.Detail += "; in default partitions: " + strings.Join(strays, ", ")
	default:
		result.Detail += "; default partitions are empty"
	}
	return result
}

// defaultPartitionRows lists what lies outside the day partitions: rows with absurd times.
func defaultPartitionRows(ctx context.Context, conn *pgx.Conn, name string) ([]string, error) {
	var strays []string
	for _, table := range []string{"llm_spans", "llm_contents"} {
		var rows int64
		err := conn.QueryRow(ctx, "SELECT count(*) FROM "+schema.Table(name, table+"_default")).Scan(&rows)
		if err != nil {
			return nil, err
		}
		if rows > 0 {
			strays = append(strays, fmt.Sprintf("%d rows of %s", rows, table))
		}
	}
	return strays, nil
}

func (r *report) checkPool(p *pool.Pool) {
	stats := p.Stats()
	detail := fmt.Sprintf("%d of %d connections open, %.0f %% in use", stats.Size, stats.Max, stats.UtilizationPercent())
	r.add(step{Name: stepPool, Status: passed, Detail: detail})
}

// withConn lends a connection to use, and gives the error a kind.
func withConn(ctx context.Context, p *pool.Pool, use func(*pgx.Conn) error) error {
	conn, err := p.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	return pool.Wrap("PostgreSQL refused a question", use(conn.Conn()))
}
