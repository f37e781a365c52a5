package faults

import (
	"context"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap/zapcore"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
	"github.com/llm-observatory/llmobservatoryexporter/pool"
)

// tolerable is how long a batch may take while Redis is broken: far less than the
// timeout of 10 s that these tests give it.
const tolerable = 5 * time.Second

// withBrokenRedis loads an exporter with a Redis that misbehaves during fault. No
// batch may be lost or late, and the exporter stays healthy.
func withBrokenRedis(t *testing.T, url string, fault func(db *pgxpool.Pool, s *subject)) *subject {
	t.Helper()
	return withBrokenRedisByTLS(t, url, pool.TLSConfig{}, fault)
}

func withBrokenRedisByTLS(t *testing.T, url string, files pool.TLSConfig, fault func(db *pgxpool.Pool, s *subject)) *subject {
	t.Helper()
	database := testserver.NewDatabase(t)
	s := start(t, database, func(cfg *config) {
		r := *cfg.Redis.GetOrInsertDefault()
		r.URL = configopaque.String(url)
		r.TLS = files
		r.Timeout = time.Second
		cfg.Redis = configoptional.Some(r)
		cfg.QueueConfig = configoptional.None[exporterhelper.QueueBatchConfig]() // so that each batch can be timed
		cfg.HealthCheck.Interval = patience                                      // what a busy machine makes a probe wait for is no fault of Redis
	})
	db := connect(t, database)
	var slowest atomic.Int64
	timed := func(ctx context.Context, batch ptrace.Traces) error {
		begin := time.Now()
		err := s.send(ctx, batch)
		for took := int64(time.Since(begin)); ; {
			old := slowest.Load()
			if took <= old || slowest.CompareAndSwap(old, took) {
				return err
			}
		}
	}
	spans := load(t, func() {
		progress(t, db)
		fault(db, s)
		progress(t, db)
	}, timed)
	requireAll(t, db, spans)
	require.Less(t, time.Duration(slowest.Load()), tolerable)
	require.Zero(t, s.logs.FilterMessageSnippet("batches wait").Len(), "%v", s.logs.FilterMessageSnippet("PostgreSQL").All())
	require.LessOrEqual(t, s.logs.FilterMessageSnippet("Redis").Len(), 20, "a line for each change, not for each batch")
	require.Zero(t, s.logs.FilterLevelExact(zapcore.ErrorLevel).Len())
	return s
}

// uses waits until traces are found in Redis or stored there.
func uses(t *testing.T, url string) {
	t.Helper()
	options, err := redis.ParseURL(url)
	require.NoError(t, err)
	options.MaxRetries = -1
	client := redis.NewClient(options)
	defer client.Close()
	before := int64(-1)
	require.Eventually(t, func() bool {
		keys, err := client.DBSize(t.Context()).Result()
		if err == nil && before < 0 {
			before = keys
		}
		return err == nil && keys > before
	}, patience, glance, "no trace reaches Redis")
}

func TestRedisDownAtStart(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t, testserver.RedisOptions{})
	require.NoError(t, server.Stop())
	withBrokenRedis(t, server.URL(), func(db *pgxpool.Pool, _ *subject) {
		progress(t, db)
		require.NoError(t, server.Start(t.Context()))
		uses(t, server.URL())
	})
}

func TestRedisDiesUnderLoad(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t, testserver.RedisOptions{})
	withBrokenRedis(t, server.URL(), func(db *pgxpool.Pool, _ *subject) {
		require.NoError(t, server.Kill())
		progress(t, db)
		require.NoError(t, server.Start(t.Context()))
		uses(t, server.URL())
	})
}

func TestRedisHangs(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t, testserver.RedisOptions{})
	s := withBrokenRedis(t, server.URL(), func(db *pgxpool.Pool, s *subject) {
		require.NoError(t, server.Pause())
		require.Eventually(t, func() bool { return s.counter(t, redisErrors) > 0 }, patience, glance)
		progress(t, db)
		require.NoError(t, server.Resume())
		uses(t, server.URL())
	})
	require.Positive(t, s.logs.FilterMessage("Redis answers again").Len())
}

func TestRedisReturnsGarbage(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, listener.Close()) })
	go serveGarbage(listener)
	withBrokenRedis(t, "redis://"+listener.Addr().String(), func(db *pgxpool.Pool, _ *subject) { progress(t, db) })
}

// serveGarbage answers whatever comes with bytes that are no reply.
func serveGarbage(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			buffer := make([]byte, 4096)
			for {
				if _, err := conn.Read(buffer); err != nil {
					return
				}
				if _, err := io.WriteString(conn, "\x00\xff!$-12\r\n*9999999\r\nHTTP/1.1 400\r\n\r\n"); err != nil {
					return
				}
			}
		}()
	}
}

// TestRedisHoldsGarbage has others write rubbish under the exporter's keys.
func TestRedisHoldsGarbage(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t, testserver.RedisOptions{})
	withBrokenRedis(t, server.URL(), func(db *pgxpool.Pool, _ *subject) {
		options, err := redis.ParseURL(server.URL())
		require.NoError(t, err)
		client := redis.NewClient(options)
		defer client.Close()
		uses(t, server.URL())
		for range 20 {
			keys, err := client.Keys(t.Context(), "*").Result()
			require.NoError(t, err)
			for i, key := range keys {
				rubbish := []string{"", "no id", strings.Repeat("00", 16), strings.Repeat("x", 1<<16)}[i%4]
				require.NoError(t, client.Set(t.Context(), key, rubbish, time.Minute).Err())
			}
		}
		progress(t, db)
	})
}

func TestRedisFlushed(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t, testserver.RedisOptions{})
	withBrokenRedis(t, server.URL(), func(_ *pgxpool.Pool, _ *subject) {
		options, err := redis.ParseURL(server.URL())
		require.NoError(t, err)
		client := redis.NewClient(options)
		defer client.Close()
		for range 10 {
			uses(t, server.URL())
			require.NoError(t, client.FlushAll(t.Context()).Err())
		}
	})
}

func TestRedisRefusesThePassword(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t, testserver.RedisOptions{Password: "right"})
	wrong := strings.Replace(server.URL(), "right", "wr0ng-pass", 1)
	s := withBrokenRedis(t, wrong, func(db *pgxpool.Pool, _ *subject) { progress(t, db) })
	warnings := s.logs.FilterMessageSnippet("Redis").All()
	require.Len(t, warnings, 1)
	text := warnings[0].ContextMap()["error"]
	require.Contains(t, text, "WRONGPASS")
	require.NotContains(t, text, "wr0ng-pass")
}

// TestRedisCertificateThatDoesNotHold has a Redis whose certificate is not to be
// trusted, and one that asks for a certificate that the exporter does not have.
func TestRedisCertificateThatDoesNotHold(t *testing.T) {
	t.Parallel()
	authority, other := testserver.NewAuthority(t), testserver.NewAuthority(t)
	tests := map[string]struct {
		certificate testserver.CertificateOptions
		trusted     *testserver.Authority
		clients     string // tls-auth-clients
		reason      string
	}{
		"wrong authority":       {trusted: other, reason: "certificate signed by unknown authority"},
		"another host":          {testserver.CertificateOptions{Hosts: []string{"redis.example.com"}}, authority, "", "cannot validate certificate for 127.0.0.1"},
		"expired":               {testserver.CertificateOptions{NotAfter: time.Now().Add(-time.Hour)}, authority, "", "certificate has expired"},
		"no client certificate": {trusted: authority, clients: "yes", reason: "certificate required"},
	}
	for name, tt := range tests {
		certificate := authority.Issue(tt.certificate)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := testserver.RedisOptions{Password: "s3cret-pass", TLS: certificate}
			if tt.clients != "" {
				options.Settings = map[string]string{"tls-auth-clients": tt.clients}
			}
			server := testserver.Redis(t, options)
			s := withBrokenRedisByTLS(t, server.URL(), pool.TLSConfig{CAFile: tt.trusted.CAFile},
				func(db *pgxpool.Pool, _ *subject) { progress(t, db) })
			warnings := s.logs.FilterMessageSnippet("Redis").All()
			require.Len(t, warnings, 1)
			text := warnings[0].ContextMap()["error"]
			require.Contains(t, text, tt.reason)
			require.NotContains(t, text, "s3cret-pass")
		})
	}
}

// TestRedisFull has a Redis that answers and takes nothing.
func TestRedisFull(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t, testserver.RedisOptions{Settings: map[string]string{"maxmemory": "1", "maxmemory-policy": "noeviction"}})
	s := withBrokenRedis(t, server.URL(), func(db *pgxpool.Pool, _ *subject) { progress(t, db); progress(t, db) })
	require.Positive(t, s.counter(t, redisErrors))
	require.Equal(t, 1, s.logs.FilterMessageSnippet("Redis refuses").Len())
}

// TestRedisIsUsed shows that the tests above have something to break.
func TestRedisIsUsed(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t, testserver.RedisOptions{})
	s := withBrokenRedis(t, server.URL(), func(_ *pgxpool.Pool, _ *subject) { uses(t, server.URL()) })
	require.Positive(t, s.counter(t, redisLookups))
}
