package llmobservatoryexporter

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"
	"gopkg.in/yaml.v3"

	"github.com/llm-observatory/llmobservatoryexporter/pool"
)

// newDefaultConfig returns the defaults in an environment of exactly the given variables, without a .env file.
func newDefaultConfig(t *testing.T, variables ...string) *Config {
	t.Helper()
	clearEnvironment(t)
	for _, v := range variables {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
	here, err := os.Getwd()
	require.NoError(t, err)
	require.NoError(t, os.Chdir(t.TempDir()))
	defer func() { require.NoError(t, os.Chdir(here)) }()
	return NewFactory().CreateDefaultConfig().(*Config)
}

func clearEnvironment(t *testing.T) {
	t.Helper()
	for _, name := range []string{
		"DATABASE_URL", "DB_HOST", "DB_PORT", "DB_NAME", "DB_USER", "DB_PASSWORD", "DB_SSL_MODE", "DB_APP_NAME",
		"REDIS_URL", "REDIS_POOL_SIZE", "REDIS_TIMEOUT_SECS",
		"DB_POOL_MAX_CONNECTIONS", "DB_POOL_MIN_CONNECTIONS", "DB_POOL_CONNECT_TIMEOUT", "DB_POOL_IDLE_TIMEOUT",
		"DB_POOL_MAX_LIFETIME", "DB_RETRY_MAX_ATTEMPTS", "DB_RETRY_INITIAL_DELAY_MS", "DB_RETRY_MAX_DELAY_MS",
		"DB_RETRY_BACKOFF_MULTIPLIER",
	} {
		t.Setenv(name, "")
	}
}

// load lays a block of YAML over the configuration.
func load(t *testing.T, cfg *Config, block map[string]any) {
	t.Helper()
	require.NoError(t, confmap.NewFromStringMap(block).Unmarshal(cfg))
}

// readBlocks returns the llm_observatory blocks of a file, by name.
func readBlocks(t *testing.T, file, path string) map[string]map[string]any {
	t.Helper()
	conf, err := confmaptest.LoadConf(filepath.Join("testdata", file))
	require.NoError(t, err)
	if path != "" {
		conf, err = conf.Sub(path)
		require.NoError(t, err)
	}
	blocks := map[string]map[string]any{}
	for name, block := range conf.ToStringMap() {
		blocks[name], _ = block.(map[string]any)
	}
	return blocks
}

func TestLoadConfig(t *testing.T) {
	wants := map[string]func(*Config){
		"llm_observatory": func(cfg *Config) {
			storage := component.MustNewID("file_storage")
			queue := cfg.QueueConfig.Get()
			queue.StorageID = &storage
			queue.QueueSize = 1 << 30
		},
		"llm_observatory/url": func(cfg *Config) {
			cfg.Postgres.URL = "postgresql://writer@db1:5432,db2:5433/llm?target_session_attrs=read-write&sslmode=require"
			cfg.Postgres.Schema = "observability"
			cfg.Redis = configoptional.Some(pool.DefaultConfig().Redis)
		},
		"llm_observatory/metadata": func(cfg *Config) {
			cfg.Postgres.Host = "/var/run/postgresql"
			cfg.Postgres.Database = "llm"
			cfg.Postgres.Username = "writer"
			redis := pool.DefaultConfig().Redis
			redis.Addrs = []string{"sentinel1:26379", "sentinel2:26379"}
			redis.MasterName = "main"
			cfg.Redis = configoptional.Some(redis)
			cfg.Content.Capture = "metadata"
			cfg.Retention.Spans = 8760 * time.Hour
			cfg.Retention.Contents = 8760 * time.Hour
		},
		"llm_observatory/full": func(cfg *Config) {
			cfg.Postgres.Password = "${env:DB_PASSWORD:-secret}" // only the collector expands it
			redis := pool.DefaultConfig().Redis
			redis.Addrs = []string{}
			cfg.Redis = configoptional.Some(redis)
			cfg.Retention.Spans = 720 * time.Hour
			cfg.Retention.Contents = 168 * time.Hour
		},
	}
	blocks := readBlocks(t, "config.yaml", "exporters")
	require.Len(t, blocks, len(wants))
	for name, block := range blocks {
		t.Run(name, func(t *testing.T) {
			want := newDefaultConfig(t)
			wants[name](want)
			got := newDefaultConfig(t)
			load(t, got, block)
			want.fromEnv = got.fromEnv
			assert.Equal(t, want, got)
			if name == "llm_observatory" {
				got.Postgres.Password = "secret" // comes from the environment
			}
			assert.NoError(t, confmap.Validate(got))
		})
	}
}

func TestEveryFaultIsReportedAtOnce(t *testing.T) {
	wants := map[string]string{
		"llm_observatory": `postgres::host: "" is not valid: must be a name
postgres::port: 70000 is not valid: must be between 1 and 65535
postgres::database: "" is not valid: must be a name
postgres::username: "" is not valid: must be a name
postgres::ssl_mode: "on" is not valid: must be one of disable, allow, prefer, require, verify-ca, verify-full
postgres::tls::ca_file: "testdata/config.yaml" is not valid: must hold certificates in PEM form
postgres::tls::key_file: "" is not valid: is required with cert_file
postgres::password_file: "testdata/no-such-file" is not valid: must be a readable file: no such file or directory
postgres::password_file: is set together with postgres::password; keep one of them
postgres::schema: "pg_temp" is not valid: must not start with pg_, which Postgres keeps for itself
redis::url: "http://localhost:6379" is not valid: must be redis://user:password@host:6379/0, rediss://… for TLS or unix:///path/to/socket?db=0
redis::master_name: "main" is not valid: needs the Sentinels' addresses in redis::addrs
redis::pool_size: 0 is not valid: must be between 1 and 65535
redis::timeout: -1s is not valid: must be between 1ms and 1h0m0s, such as 5s
redis::ttl: 0s is not valid: must be between 1s and 24000h0m0s, such as 5s
redis::key_prefix: "" is not valid: must be a name
pool::max_connections: 0 is not valid: must be between 1 and 65535
pool::min_connections: 5 is not valid: must be between 0 and max_connections (0)
pool::connect_timeout: 0s is not valid: must be between 10ms and 1h0m0s, such as 5s
pool::idle_timeout: -5m0s is not valid: must be between 1s and 24000h0m0s, such as 5s
pool::max_lifetime: 0s is not valid: must be between 1s and 24000h0m0s, such as 5s
connect_retry::max_attempts: 0 is not valid: must be between 1 and 1000
connect_retry::initial_delay: 0s is not valid: must be between 1ms and 1h0m0s, such as 5s
connect_retry::max_delay: -1s is not valid: must not be shorter than initial_delay (0s), nor longer than 1h0m0s
connect_retry::multiplier: 0.5 is not valid: must be between 1 and 100
health_check::interval: -1s is not valid: must be 0 (off) or between 1s and 24h
retention::spans: -1h0m0s is not valid: must be 0 (for ever) or at least 24h, since whole days go
retention::contents: -1h0m0s is not valid: must be 0 (for ever) or at least 24h, since whole days go
retention::interval: 0s is not valid: must be at least 1s, such as 1h
content::capture: "partial" is not valid: must be full or metadata
content::max_bytes: 0 is not valid: must be between 1 and 134217728`,
		"llm_observatory/no_password": `postgres::password: DB_PASSWORD environment variable is required ` +
			`(or set postgres::password, postgres::password_file or postgres::url)`,
		"llm_observatory/words_outlive_facts": `retention::contents: 48h0m0s is not valid: must be at most retention::spans (24h0m0s)`,
		"llm_observatory/words_for_ever":      `retention::contents: 0s is not valid: 0 is for ever, and it must be at most retention::spans (24h0m0s)`,
		"llm_observatory/unescaped_password": `postgres::url: the value (not shown) is not valid: special characters in the password ` +
			`must be percent-encoded: @ as %40, / as %2F`,
		"llm_observatory/url_parameter": `postgres::url: the value (not shown) is not valid: unknown target_session_attrs value: best`,
		"llm_observatory/cut_batches": `sending_queue::batch::max_size: 33554432 is not valid: must be 0 (none) with sizer bytes, ` +
			`as longer spans would be lost`,
		"llm_observatory/long_schema": `postgres::schema: "` + strings.Repeat("s", 65) + `" is not valid: must have 1 to 63 bytes`,
		"llm_observatory/redis_url_with_password": `redis::url: the value (not shown) is not valid: ` +
			`must be redis://user:password@host:6379/0, rediss://… for TLS or unix:///path/to/socket?db=0`,
	}
	blocks := readBlocks(t, "bad_values.yaml", "")
	require.Len(t, blocks, len(wants))
	for name, block := range blocks {
		t.Run(name, func(t *testing.T) {
			cfg := newDefaultConfig(t)
			load(t, cfg, block)
			assert.EqualError(t, confmap.Validate(cfg), wants[name])
		})
	}
}

func TestUnknownKeyIsRefused(t *testing.T) {
	block := readBlocks(t, "bad_keys.yaml", "")["llm_observatory"]
	err := confmap.NewFromStringMap(block).Unmarshal(newDefaultConfig(t))
	assert.ErrorContains(t, err, "'postgres' has invalid keys: hostname")
}

func TestPasswordInEnvironmentIsAWholeConfiguration(t *testing.T) {
	cfg := newDefaultConfig(t, "DB_PASSWORD=secret")
	load(t, cfg, nil)
	require.NoError(t, confmap.Validate(cfg))
	assert.Equal(t, "secret", string(cfg.PoolConfig().Postgres.Password))
	assert.False(t, cfg.PoolConfig().UseRedis)
}

func TestYAMLOverridesEnvironment(t *testing.T) {
	cfg := newDefaultConfig(t, "DB_HOST=from-env", "DB_PORT=not-a-number", "DB_NAME=from_env", "DB_PASSWORD=secret",
		"REDIS_URL=redis://from-env:6379/0", "REDIS_POOL_SIZE=3")
	load(t, cfg, map[string]any{
		"postgres": map[string]any{"host": "from-yaml", "port": 6543, "password": ""},
		"redis":    map[string]any{"pool_size": 4},
	})
	require.NoError(t, confmap.Validate(cfg), "a wrong variable that YAML overrides does no harm")
	got := cfg.PoolConfig()
	assert.Equal(t, "from-yaml", got.Postgres.Host)
	assert.Equal(t, 6543, got.Postgres.Port)
	assert.Equal(t, "from_env", got.Postgres.Database)
	assert.Equal(t, "secret", string(got.Postgres.Password), "an empty password is as good as none")
	assert.True(t, got.UseRedis)
	assert.Equal(t, "redis://from-env:6379/0", string(got.Redis.URL))
	assert.Equal(t, 4, got.Redis.PoolSize)
}

func TestYAMLURLOverridesEnvironment(t *testing.T) {
	cfg := newDefaultConfig(t, "DATABASE_URL=postgresql://env@env/env", "DB_HOST=env", "DB_PORT=x")
	load(t, cfg, map[string]any{"postgres": map[string]any{"url": "postgresql://yaml@yaml/yaml"}})
	require.NoError(t, confmap.Validate(cfg))
	assert.Equal(t, "postgresql://yaml@yaml/yaml", string(cfg.Postgres.URL))
}

func TestYAMLHostSetsEnvironmentURLAside(t *testing.T) {
	cfg := newDefaultConfig(t, "DATABASE_URL=postgresql://env:secret@env/env", "DB_USER=writer")
	load(t, cfg, map[string]any{"postgres": map[string]any{"url": "", "host": "yaml", "port": 1234, "schema": "s"}})
	got := cfg.PoolConfig()
	assert.Empty(t, got.Postgres.URL, "its password is that of another server")
	assert.Equal(t, "yaml", got.Postgres.Host)
	assert.Equal(t, 1234, got.Postgres.Port)
	assert.Equal(t, "writer", got.Postgres.Username)
	assert.Equal(t, "llm_observatory", got.Postgres.Database)
	assert.ErrorContains(t, confmap.Validate(cfg), "postgres::password: DB_PASSWORD environment variable is required")
}

func TestYAMLDatabaseReplacesThatOfEnvironmentURL(t *testing.T) {
	cfg := newDefaultConfig(t, "DATABASE_URL=postgresql://env:secret@env/env")
	load(t, cfg, map[string]any{"postgres": map[string]any{"database": "yaml"}})
	require.NoError(t, confmap.Validate(cfg))
	assert.Equal(t, "postgresql://env:secret@env/env?dbname=yaml", string(cfg.Postgres.URL))
}

func TestRedisCanBeTurnedOffAgainstTheEnvironment(t *testing.T) {
	cfg := newDefaultConfig(t, "REDIS_URL=redis://from-env:6379/0")
	load(t, cfg, map[string]any{"redis": map[string]any{"enabled": false}})
	assert.False(t, cfg.PoolConfig().UseRedis)
}

func TestWrongEnvironmentIsNamed(t *testing.T) {
	cfg := newDefaultConfig(t, "DB_PASSWORD=secret", "DB_PORT=0", "DB_POOL_IDLE_TIMEOUT=soon", "DB_SSL_MODE=on")
	load(t, cfg, nil)
	assert.EqualError(t, confmap.Validate(cfg), `pool::idle_timeout (environment variable DB_POOL_IDLE_TIMEOUT): "soon" is not valid: must be a whole number, in units of 1s
postgres::port (environment variable DB_PORT): 0 is not valid: must be between 1 and 65535
postgres::ssl_mode (environment variable DB_SSL_MODE): "on" is not valid: must be one of disable, allow, prefer, require, verify-ca, verify-full`)
}

// schemaNode is what the test reads of config.schema.yaml.
type schemaNode struct {
	Ref        string                `yaml:"$ref"`
	Defs       map[string]schemaNode `yaml:"$defs"`
	Properties map[string]schemaNode `yaml:"properties"`
	Default    any                   `yaml:"default"`
}

// TestSchemaHasEveryKeyWithItsDefault compares config.schema.yaml with what the code does.
func TestSchemaHasEveryKeyWithItsDefault(t *testing.T) {
	text, err := os.ReadFile("config.schema.yaml")
	require.NoError(t, err)
	var schema schemaNode
	require.NoError(t, yaml.Unmarshal(text, &schema))

	cfg := newDefaultConfig(t)
	cfg.Redis.GetOrInsertDefault().Addrs = []string{}
	want := confmap.New()
	require.NoError(t, want.Marshal(cfg))
	for _, standard := range []string{"sending_queue", "retry_on_failure", "timeout"} {
		want.Delete(standard) // their modules describe these
	}
	got := confmap.NewFromStringMap(schema.defaults(schema.Defs))
	described := newDefaultConfig(t)
	require.NoError(t, got.Unmarshal(described))
	described.fromEnv = cfg.fromEnv
	assert.Equal(t, cfg, described, "defaults")
	assert.ElementsMatch(t, want.AllKeys(), got.AllKeys(), "keys")
}

// defaults returns the block that says every default.
func (n schemaNode) defaults(defs map[string]schemaNode) map[string]any {
	block := map[string]any{}
	for name, property := range n.Properties {
		if def, found := defs[property.Ref]; found {
			property = def
		}
		switch {
		case property.Properties != nil:
			block[name] = property.defaults(defs)
		case property.Ref == "":
			block[name] = property.Default
		}
	}
	return block
}
