package pool_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/llm-observatory/llmobservatoryexporter/pool"
)

// environment sets exactly the given variables and the .env file of a working directory of its own.
func environment(t *testing.T, dotEnv string, variables ...string) {
	t.Helper()
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		if strings.HasPrefix(name, "DB_") || strings.HasPrefix(name, "REDIS_") || name == "DATABASE_URL" {
			t.Setenv(name, "")
		}
	}
	for _, v := range variables {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
	t.Chdir(t.TempDir())
	if dotEnv != "" {
		require.NoError(t, os.WriteFile(".env", []byte(dotEnv), 0o600))
	}
}

func TestEmptyEnvironmentGivesDefaults(t *testing.T) {
	environment(t, "")
	cfg := pool.ConfigFromEnv()
	want := pool.DefaultConfig()
	assert.Equal(t, want.Postgres, cfg.Postgres)
	assert.Equal(t, want.Redis, cfg.Redis)
	assert.Equal(t, want.Pool, cfg.Pool)
	assert.Equal(t, want.ConnectRetry, cfg.ConnectRetry)
	assert.False(t, cfg.UseRedis)
	assert.ErrorContains(t, cfg.Validate(), "DB_PASSWORD environment variable is required")
}

func TestEveryVariable(t *testing.T) {
	environment(t, "",
		"DB_HOST=db", "DB_PORT=6543", "DB_NAME=llm", "DB_USER=writer", "DB_PASSWORD=secret", "DB_SSL_MODE=require",
		"DB_APP_NAME=tests", "REDIS_URL=redis://cache:6379/1", "REDIS_POOL_SIZE=3", "REDIS_TIMEOUT_SECS=2",
		"DB_POOL_MAX_CONNECTIONS=9", "DB_POOL_MIN_CONNECTIONS=1", "DB_POOL_CONNECT_TIMEOUT=4",
		"DB_POOL_IDLE_TIMEOUT=60", "DB_POOL_MAX_LIFETIME=600", "DB_RETRY_MAX_ATTEMPTS=7",
		"DB_RETRY_INITIAL_DELAY_MS=50", "DB_RETRY_MAX_DELAY_MS=1500", "DB_RETRY_BACKOFF_MULTIPLIER=1.5")
	want := pool.DefaultConfig()
	want.Postgres.Host = "db"
	want.Postgres.Port = 6543
	want.Postgres.Database = "llm"
	want.Postgres.Username = "writer"
	want.Postgres.Password = "secret"
	want.Postgres.SSLMode = "require"
	want.Postgres.ApplicationName = "tests"
	want.Redis.URL = "redis://cache:6379/1"
	want.Redis.PoolSize = 3
	want.Redis.Timeout = 2 * time.Second
	want.Pool = pool.SizeConfig{
		MaxConnections: 9, MinConnections: 1, ConnectTimeout: 4 * time.Second, IdleTimeout: time.Minute, MaxLifetime: 10 * time.Minute,
	}
	want.ConnectRetry = pool.RetryConfig{
		MaxAttempts: 7, InitialDelay: 50 * time.Millisecond, MaxDelay: 1500 * time.Millisecond, Multiplier: 1.5,
	}
	cfg := pool.ConfigFromEnv()
	require.NoError(t, cfg.Validate())
	assert.Equal(t, want.Postgres, cfg.Postgres)
	assert.Equal(t, want.Redis, cfg.Redis)
	assert.Equal(t, want.Pool, cfg.Pool)
	assert.Equal(t, want.ConnectRetry, cfg.ConnectRetry)
	assert.True(t, cfg.UseRedis)
}

func TestEnvironmentOverridesDotEnv(t *testing.T) {
	environment(t, "DB_PASSWORD='from file'\nexport DB_USER=from_file\n", "DB_USER=from_env")
	cfg := pool.ConfigFromEnv()
	require.NoError(t, cfg.Validate())
	assert.Equal(t, "from file", string(cfg.Postgres.Password))
	assert.Equal(t, "from_env", cfg.Postgres.Username)
}

func TestEnvironmentOverridesPartOfDotEnvURL(t *testing.T) {
	environment(t, "DATABASE_URL=postgresql://u:p@file/db\n", "DB_PORT=6432", "DB_NAME=a&b c")
	cfg := pool.ConfigFromEnv()
	require.NoError(t, cfg.Validate())
	assert.Equal(t, "postgresql://u:p@file/db?port=6432&dbname=a%26b%20c", string(cfg.Postgres.URL))
}

func TestEnvironmentURLReplacesDotEnvFields(t *testing.T) {
	environment(t, "DB_HOST=file\nDB_PORT=wrong\n", "DATABASE_URL=postgresql://u@env/db")
	cfg := pool.ConfigFromEnv()
	require.NoError(t, cfg.Validate())
	assert.Equal(t, "postgresql://u@env/db", string(cfg.Postgres.URL))
}

func TestUnreadableDotEnvIsAFaultThatQuotesNothing(t *testing.T) {
	environment(t, "DB_PASSWORD=fine\nsecr3t without equals sign\n", "DB_PASSWORD=x")
	cfg := pool.ConfigFromEnv()
	assert.EqualError(t, cfg.Validate(), ".env: must hold lines of the form NAME=value")
}

func TestWrongVariablesAreNamedAllAtOnce(t *testing.T) {
	environment(t, "DB_RETRY_BACKOFF_MULTIPLIER=twice", "DB_PASSWORD=x", "DB_PORT=abc", "DB_POOL_MAX_LIFETIME=30m",
		"DB_POOL_MIN_CONNECTIONS=51", "REDIS_POOL_SIZE=many")
	cfg := pool.ConfigFromEnv()
	assert.EqualError(t, cfg.Validate(), `postgres::port (environment variable DB_PORT): "abc" is not valid: must be a whole number
pool::max_lifetime (environment variable DB_POOL_MAX_LIFETIME): "30m" is not valid: must be a whole number, in units of 1s
connect_retry::multiplier (environment variable DB_RETRY_BACKOFF_MULTIPLIER): "twice" is not valid: must be a number
pool::min_connections (environment variable DB_POOL_MIN_CONNECTIONS): 51 is not valid: must be between 0 and max_connections (13)`)
}

func storageFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "storage.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func TestFileOverridesEnvironment(t *testing.T) {
	environment(t, "", "DB_HOST=env", "DB_USER=env", "DB_PASSWORD=secret", "DB_PORT=wrong")
	cfg, err := pool.ConfigFromFile(storageFile(t, `
postgres:
  host: file
  port: 6543
  ssl_mode: require
redis:
  pool_size: 4
  timeout: 2s
pool:
  max_connections: 7
  idle_timeout: 90s
connect_retry: {max_attempts: 5, multiplier: 3}
`))
	require.NoError(t, err)
	require.NoError(t, cfg.Validate())
	assert.Equal(t, "file", cfg.Postgres.Host)
	assert.Equal(t, 6543, cfg.Postgres.Port)
	assert.Equal(t, "env", cfg.Postgres.Username)
	assert.Equal(t, "secret", string(cfg.Postgres.Password))
	assert.Equal(t, 7, cfg.Pool.MaxConnections)
	assert.Equal(t, 90*time.Second, cfg.Pool.IdleTimeout)
	assert.Equal(t, 5, cfg.ConnectRetry.MaxAttempts)
	assert.InDelta(t, 3, cfg.ConnectRetry.Multiplier, 0)
	assert.True(t, cfg.UseRedis)
	assert.Equal(t, 4, cfg.Redis.PoolSize)
	assert.Equal(t, 2*time.Second, cfg.Redis.Timeout)
	assert.Equal(t, "redis://localhost:6379/0", string(cfg.Redis.URL))
}

func TestFileHostSetsEnvironmentURLAside(t *testing.T) {
	environment(t, "", "DATABASE_URL=postgresql://u:p@env/db")
	cfg, err := pool.ConfigFromFile(storageFile(t, "postgres: {host: file}\n"))
	require.NoError(t, err)
	assert.Empty(t, cfg.Postgres.URL, "its user and password are another server's")
	assert.Equal(t, "file", cfg.Postgres.Host)
	assert.Equal(t, "postgres", cfg.Postgres.Username)
	assert.False(t, cfg.UseRedis)
}

func TestEnvironmentHostSetsDotEnvURLAside(t *testing.T) {
	environment(t, "DATABASE_URL=postgresql://u:p@file/db\n", "DB_HOST=env", "DB_PASSWORD=x")
	cfg := pool.ConfigFromEnv()
	require.NoError(t, cfg.Validate())
	assert.Empty(t, cfg.Postgres.URL)
	assert.Equal(t, "env", cfg.Postgres.Host)
}

func TestPortOfAKubernetesServiceIsPassedOver(t *testing.T) {
	environment(t, "", "DB_PORT=tcp://10.96.0.12:5432", "DB_PASSWORD=x")
	cfg := pool.ConfigFromEnv()
	require.NoError(t, cfg.Validate())
	assert.Equal(t, 5432, cfg.Postgres.Port)
}

func TestFileDurationNeedsAUnit(t *testing.T) {
	environment(t, "", "DB_PASSWORD=x")
	_, err := pool.ConfigFromFile(storageFile(t, "pool: {idle_timeout: 30}\n"))
	assert.ErrorContains(t, err, "must have a unit, such as 30s, 30m, 30h or 30d")
	assert.ErrorContains(t, err, "idle_timeout")
	cfg, err := pool.ConfigFromFile(storageFile(t, "pool: {max_lifetime: 1d}\n"))
	require.NoError(t, err)
	assert.Equal(t, 24*time.Hour, cfg.Pool.MaxLifetime)
}

func TestPasswordFileOverridesEnvironmentPassword(t *testing.T) {
	environment(t, "", "DB_PASSWORD=env")
	file := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(file, []byte("file"), 0o600))
	cfg, err := pool.ConfigFromFile(storageFile(t, "postgres: {password_file: '"+file+"'}\n"))
	require.NoError(t, err)
	assert.NoError(t, cfg.Validate())
}

func TestFileThatCannotBeUsed(t *testing.T) {
	environment(t, "")
	_, err := pool.ConfigFromFile("no-such-file.yaml")
	assert.ErrorIs(t, err, os.ErrNotExist)
	assert.ErrorIs(t, err, pool.KindConfig)

	_, err = pool.ConfigFromFile(storageFile(t, "postgres: {hostname: db}\n"))
	assert.ErrorContains(t, err, "invalid keys: hostname")

	_, err = pool.ConfigFromFile(storageFile(t, "postgres: {password: secr3t\n"))
	require.ErrorContains(t, err, "is not a YAML file")
	requireSecret(t, err, "secr3t")
}

// TestConnectionStringFaultsKeepThePassword: every one of these is wrong, and what is shown of it holds no
// part of the password.
func TestConnectionStringFaultsKeepThePassword(t *testing.T) {
	environment(t, "")
	for _, url := range []string{
		"postgresql://u:secr3t@host:port/db",
		"postgresql://u:sec%zzr3t@host/db",
		"postgresql://u:a/secr3t@host/db",
		"postgresql://u:1/secr3t@host/db",
		"postgresql://u:a@secr3t@host/db",
		"postgresql://u@host/db?password=secr3t&sslmode=bad",
		"postgresql://u:secr3t@host/db?sslmode=bad",
		"postgresql://u:secr3t@host/db?sslrootcert=/no/such/file",
		"host=h password='it\\'s secr3t' sslmode=bad",
		"secr3t",
	} {
		cfg := pool.DefaultConfig()
		cfg.Postgres.URL = configopaque.String(url)
		err := cfg.Validate()
		require.ErrorContains(t, err, "postgres::url", url)
		requireSecret(t, err, "r3t")
	}
}

func TestKeywordValueConnectionString(t *testing.T) {
	environment(t, "")
	cfg := pool.DefaultConfig()
	cfg.Postgres.URL = "host=db user=u password='it\\'s' dbname=llm"
	assert.NoError(t, cfg.Validate())
}
