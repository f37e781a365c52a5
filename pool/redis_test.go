package pool_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/llm-observatory/llmobservatoryexporter/internal/testserver"
	"github.com/llm-observatory/llmobservatoryexporter/pool"
)

const soon = 30 * time.Second // generous, as machines in CI are slow

// withRedis returns a configuration that uses Redis at a URL.
func withRedis(url string) pool.Config {
	cfg := configFor(shared)
	cfg.UseRedis = true
	cfg.Redis.URL = configopaque.String(url)
	cfg.Redis.Timeout = 2 * time.Second // a machine in CI may take 200 ms for a handshake
	cfg.ConnectRetry.MaxDelay = 20 * time.Millisecond
	return cfg
}

// awaitRedis waits until the pool uses Redis, or until it does not.
func awaitRedis(t *testing.T, p *pool.Pool, inUse bool) {
	t.Helper()
	require.Eventually(t, func() bool { return (p.Redis() != nil) == inUse }, soon, time.Millisecond)
}

func TestRedisIsUsed(t *testing.T) {
	p := connect(t, withRedis(testserver.Redis(t, testserver.RedisOptions{Password: "p@ss"}).URL()))
	awaitRedis(t, p, true)
	require.NoError(t, p.Redis().Set(t.Context(), "key", "value", time.Minute).Err())
	assert.NoError(t, p.HealthCheckRedis(t.Context()))
}

func TestRedisThatIsDownAtTheStartComesIntoUse(t *testing.T) {
	server := testserver.Redis(t, testserver.RedisOptions{})
	require.NoError(t, server.Stop())
	core, logs := observer.New(zap.InfoLevel)
	p, err := pool.New(t.Context(), withRedis(server.URL()), zap.New(core))
	require.NoError(t, err, "Postgres is enough")
	defer func() { require.NoError(t, p.Close(t.Context())) }()

	require.Eventually(t, func() bool { return logs.FilterMessage("Redis does not answer, going on without it").Len() == 1 }, soon, time.Millisecond)
	assert.Nil(t, p.Redis())
	health, err := p.HealthCheck(t.Context())
	require.NoError(t, err)
	assert.True(t, health.Degraded())
	assert.ErrorIs(t, health.RedisError, pool.KindRedis)
	assert.False(t, pool.IsRetryable(health.RedisError))

	require.NoError(t, server.Start(t.Context()))
	awaitRedis(t, p, true)
	assert.Equal(t, 1, logs.FilterMessage("Redis answers again").Len())
	assert.Equal(t, 1, logs.FilterLevelExact(zap.WarnLevel).Len(), "a server that stays down is one line")
}

func TestRedisThatDiesGoesOutOfUseAndComesBack(t *testing.T) {
	server := testserver.Redis(t, testserver.RedisOptions{})
	p := connect(t, withRedis(server.URL()))
	awaitRedis(t, p, true)

	require.NoError(t, server.Kill())
	err := p.Redis().Get(t.Context(), "key").Err()
	require.Error(t, err)
	p.RedisFailed(err)
	p.RedisFailed(err)
	assert.Nil(t, p.Redis())

	require.NoError(t, server.Start(t.Context()))
	awaitRedis(t, p, true)
	assert.ErrorIs(t, p.Redis().Get(t.Context(), "key").Err(), redis.Nil)
}

func TestRedisThatHangsDelaysNobody(t *testing.T) {
	server := testserver.Redis(t, testserver.RedisOptions{})
	p := connect(t, withRedis(server.URL()))
	awaitRedis(t, p, true)
	require.NoError(t, server.Pause())
	defer func() { require.NoError(t, server.Resume()) }()

	begin := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.Error(t, p.Redis().Get(ctx, "key").Err())
	assert.Less(t, time.Since(begin), soon, "the caller's deadline counts")
	assert.ErrorIs(t, p.HealthCheckRedis(t.Context()), pool.KindRedis)
	assert.Nil(t, p.Redis())
}

func TestRedisPasswordIsNeverShown(t *testing.T) {
	server := testserver.Redis(t, testserver.RedisOptions{Password: "right"})
	core, logs := observer.New(zap.DebugLevel)
	cfg := withRedis(fmt.Sprintf("redis://:wr0ng@%s:%d/0", server.Host, server.Port))
	p, err := pool.New(t.Context(), cfg, zap.New(core))
	require.NoError(t, err)
	defer func() { require.NoError(t, p.Close(t.Context())) }()
	err = p.HealthCheckRedis(t.Context())
	require.ErrorContains(t, err, "WRONGPASS")
	requireSecret(t, err, "wr0ng")
	require.Eventually(t, func() bool { return logs.Len() > 0 }, soon, time.Millisecond)
	for _, line := range logs.All() {
		assert.NotContains(t, fmt.Sprint(line), "wr0ng")
	}
}

// TestRedisByTLS has a server that asks for a client certificate.
func TestRedisByTLS(t *testing.T) {
	authority := testserver.NewAuthority(t)
	server := testserver.Redis(t, testserver.RedisOptions{
		TLS:      authority.Issue(testserver.CertificateOptions{}),
		Settings: map[string]string{"tls-auth-clients": "yes"},
	})
	ours := authority.Issue(testserver.CertificateOptions{})
	trusting := pool.TLSConfig{CAFile: authority.CAFile, CertFile: ours.CertFile, KeyFile: ours.KeyFile}

	cfg := withRedis(server.URL())
	cfg.Redis.TLS = trusting
	assert.NoError(t, open(t, cfg).HealthCheckRedis(t.Context()))

	cfg.Redis.TLS.CAFile = testserver.NewAuthority(t).CAFile
	assert.ErrorContains(t, open(t, cfg).HealthCheckRedis(t.Context()), "certificate")
}

func TestRedisByUnixSocket(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "redis.sock")
	testserver.Redis(t, testserver.RedisOptions{Settings: map[string]string{"unixsocket": socket}})
	assert.NoError(t, open(t, withRedis("unix://"+socket+"?db=1")).HealthCheckRedis(t.Context()))
}

func TestRedisCluster(t *testing.T) {
	server := testserver.Redis(t, testserver.RedisOptions{Cluster: true})
	options, err := redis.ParseURL(server.URL())
	require.NoError(t, err)
	node := redis.NewClient(options)
	defer func() { require.NoError(t, node.Close()) }()
	require.NoError(t, node.ClusterAddSlotsRange(t.Context(), 0, 16383).Err())

	cfg := withRedis("")
	cfg.Redis.Addrs = []string{options.Addr}
	p := open(t, cfg)
	awaitRedis(t, p, true)
	require.Eventually(t, func() bool {
		return p.Redis() != nil && p.Redis().Set(t.Context(), "key", "value", time.Minute).Err() == nil
	}, soon, time.Millisecond)
}

func TestRedisBySentinel(t *testing.T) {
	server := testserver.Redis(t, testserver.RedisOptions{})
	dir := t.TempDir()
	port, err := testserver.FreePort()
	require.NoError(t, err)
	config := fmt.Sprintf("port %d\nbind 127.0.0.1\ndir %s\nsentinel monitor main %s %d 1\n", port, dir, server.Host, server.Port)
	file := filepath.Join(dir, "sentinel.conf")
	require.NoError(t, os.WriteFile(file, []byte(config), 0o600))
	path, err := exec.LookPath("redis-server")
	require.NoError(t, err)
	sentinel, err := testserver.StartProcess(testserver.ProcessOptions{Path: path, Args: []string{file, "--sentinel"}, LogFile: filepath.Join(dir, "log")})
	require.NoError(t, err)
	defer func() { require.NoError(t, sentinel.Stop(os.Interrupt, soon)) }()

	cfg := withRedis("")
	cfg.Redis.Addrs = []string{fmt.Sprintf("127.0.0.1:%d", port)}
	cfg.Redis.MasterName = "main"
	p := open(t, cfg)
	awaitRedis(t, p, true)
	assert.NoError(t, p.Redis().Set(t.Context(), "key", "value", time.Minute).Err())
}

func TestRedisURLIsEscaped(t *testing.T) {
	server := testserver.Redis(t, testserver.RedisOptions{Password: "a/b@c"})
	cfg := withRedis(fmt.Sprintf("redis://:%s@%s:%d/0", url.QueryEscape("a/b@c"), server.Host, server.Port))
	assert.NoError(t, open(t, cfg).HealthCheckRedis(t.Context()))
}
