package llmobservatoryexporter

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"gopkg.in/yaml.v3"
)

const needsUnit = " is not valid: must have a unit, such as 30s, 30m, 30h or 30d"

// setting is a block of YAML with what comes of it: an effect, or a message. The block of Postgres has a URL unless the
// setting says where Postgres is.
type setting struct {
	yaml    string
	effect  func(*Config) any
	want    any
	message string
}

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

func queueOf(c *Config) *exporterhelper.QueueBatchConfig { return c.QueueConfig.Get() }

func batchOf(c *Config) *exporterhelper.BatchConfig { return queueOf(c).Batch.Get() }

var settings = []setting{
	// postgres
	{yaml: "postgres: {host: db, password: x}", effect: func(c *Config) any { return c.Postgres.Host }, want: "db"},
	{yaml: "postgres: {host: 'db:5432', password: x}", message: `postgres::host: "db:5432" is not valid: must be a host; the port goes into postgres::port (DB_PORT)`},
	{yaml: "postgres: {host: 'db1,db2:5432', password: x}", message: `postgres::host: "db1,db2:5432" is not valid: must be a host; the port goes into postgres::port (DB_PORT)`},
	{yaml: "postgres: {host: 'db1,db2', password: x}", effect: func(c *Config) any { return c.Postgres.Host }, want: "db1,db2"},
	{yaml: "postgres: {host: 'db1,', password: x}", message: `postgres::host: "db1," is not valid: has an empty name in the list`},
	{yaml: "postgres: {host: 'postgresql://db/llm', password: x}", message: `postgres::host: "postgresql://db/llm" is not valid: must be a host; a URL goes into postgres::url (DATABASE_URL)`},
	{yaml: "postgres: {host: '::1', password: x}", effect: func(c *Config) any { return c.Postgres.Host }, want: "::1"},
	{yaml: "postgres: {host: '[::1]', password: x}", message: `postgres::host: "[::1]" is not valid: must be a host; the port goes into postgres::port (DB_PORT)`},
	{yaml: "postgres: {host: 'my db', password: x}", message: `postgres::host: "my db" is not valid: must be a host name, an IP address or the absolute path of a socket's folder`},
	{yaml: "postgres: {host: /var/run/postgresql}", effect: func(c *Config) any { return c.Postgres.Host }, want: "/var/run/postgresql"},
	{yaml: "postgres: {host: '', password: x}", message: `postgres::host: "" is not valid: must be a name`},
	{yaml: "postgres: {url: 'postgresql://u@db/llm', host: other}", message: "postgres::host: is set together with postgres::url, which says it as well; keep one of them"},
	{yaml: "postgres: {url: 'postgresql://u@db/llm', port: 5433}", message: "postgres::port: is set together with postgres::url, which says it as well; keep one of them"},
	{yaml: "postgres: {url: 'postgresql://u@db/llm', database: other}", message: "postgres::database: is set together with postgres::url, which says it as well; keep one of them"},
	{yaml: "postgres: {url: 'postgresql://u@db/llm', username: other}", message: "postgres::username: is set together with postgres::url, which says it as well; keep one of them"},
	{yaml: "postgres: {url: 'postgresql://u:p@db/llm', password: other}", message: "postgres::password: is set together with postgres::url, which says it as well; keep one of them"},
	{yaml: "postgres: {url: 'postgresql://u@db/llm?sslmode=require', ssl_mode: disable}", message: "postgres::ssl_mode: is set together with postgres::url, which says it as well; keep one of them"},
	{yaml: "postgres: {url: 'postgresql://u@db/llm', password: x}", effect: func(c *Config) any { return string(c.Postgres.Password) }, want: "x"},
	{yaml: "postgres: {url: 'postgresql://u@db1:5432,db2:5433/llm'}", effect: func(c *Config) any { return string(c.Postgres.URL) }, want: "postgresql://u@db1:5432,db2:5433/llm"},
	{yaml: "postgres: {url: 'mysql://u@db/llm'}", message: "postgres::url: the value (not shown) is not valid: "},
	{yaml: "postgres: {password: x, port: 0}", message: "postgres::port: 0 is not valid: must be between 1 and 65535"},
	{yaml: "postgres: {password: x, port: -5432}", message: "postgres::port: -5432 is not valid: must be between 1 and 65535"},
	{yaml: "postgres: {password: x, port: 5432.5}", message: "postgres::port: 5432.5 is not valid: must be a whole number"},
	{yaml: "postgres: {password: x, port: 'tcp://10.0.0.1:5432'}", message: "'postgres.port' expected type 'int'"},
	{yaml: "postgres: {password: x, database: ''}", message: `postgres::database: "" is not valid: must be a name`},
	{yaml: "postgres: {host: db}", message: "postgres::password: DB_PASSWORD environment variable is required"},
	{yaml: "postgres: {password: x, ssl_mode: always}", message: `postgres::ssl_mode: "always" is not valid: must be one of disable, allow, prefer, require, verify-ca, verify-full`},
	{yaml: "postgres: {password: x, tls: {ca_file: testdata/none.crt}}", message: `postgres::tls::ca_file: "testdata/none.crt" is not valid: needs postgres::ssl_mode verify-full, verify-ca or require; prefer checks no certificate`},
	{yaml: "postgres: {password: x, ssl_mode: verify-full, tls: {ca_file: testdata/none.crt}}", message: `postgres::tls::ca_file: "testdata/none.crt" is not valid: must be a readable file: no such file or directory`},
	{yaml: "postgres: {password: x, schema: ''}", message: `postgres::schema: "" is not valid: must have 1 to 63 bytes`},
	{yaml: "postgres: {password: x, schema: pg_mine}", message: "must not start with pg_, which Postgres keeps for itself"},
	{yaml: "postgres: {password: x, schema: 'a$$b'}", effect: func(c *Config) any { return c.Postgres.Schema }, want: "a$$b"},
	{yaml: "postgres: {password: x, schema: '$sql$'}", effect: func(c *Config) any { return c.Postgres.Schema }, want: "$sql$"},
	{yaml: "postgres: {password: x, schema: '100%'}", effect: func(c *Config) any { return c.Postgres.Schema }, want: "100%"},
	{yaml: "postgres: {password: x, schema: 'Team \"A\"'}", effect: func(c *Config) any { return c.Postgres.Schema }, want: `Team "A"`},
	{yaml: "postgres: {hostname: db}", message: "'postgres' has invalid keys: hostname"},
	// redis
	{yaml: "redis: {}", effect: func(c *Config) any { return string(c.Redis.Get().URL) }, want: "redis://localhost:6379/0"},
	{yaml: "redis: {url: 'rediss://cache:6380/1'}", effect: func(c *Config) any { return string(c.Redis.Get().URL) }, want: "rediss://cache:6380/1"},
	{yaml: "redis: {url: 'cache:6379'}", message: `redis::url: "cache:6379" is not valid: must be redis://`},
	{yaml: "redis: {url: 'redis://cache', addrs: ['a:1']}", message: "redis::addrs: is set together with redis::url; keep one of them"},
	{yaml: "redis: {addrs: ['a:6379', 'b:6379']}", effect: func(c *Config) any { return len(c.Redis.Get().Addrs) }, want: 2},
	{yaml: "redis: {addrs: [cache]}", message: `redis::addrs::0: "cache" is not valid: must be host:port`},
	{yaml: "redis: {master_name: main}", message: `redis::master_name: "main" is not valid: needs the Sentinels' addresses in redis::addrs`},
	{yaml: "redis: {addrs: ['a:6379'], sentinel_password: x}", message: "redis::sentinel_password: the value (not shown) is not valid: needs redis::master_name"},
	{yaml: "redis: {pool_size: 0}", message: "redis::pool_size: 0 is not valid: must be between 1 and 65535"},
	{yaml: "redis: {timeout: 5}", message: "redis::timeout: 5" + needsUnit},
	{yaml: "redis: {ttl: 3600}", message: "redis::ttl: 3600" + needsUnit},
	{yaml: "redis: {ttl: 1d}", effect: func(c *Config) any { return c.Redis.Get().TTL }, want: 24 * time.Hour},
	{yaml: "redis: {ttl: 0s}", message: "redis::ttl: 0s is not valid: must be longer than 0, such as 5s"},
	{yaml: "redis: {key_prefix: ''}", message: `redis::key_prefix: "" is not valid: must be a name`},
	// pool
	{yaml: "{}", effect: func(c *Config) any { return []int{c.Pool.MaxConnections, c.Pool.MinConnections} }, want: []int{13, 0}},
	{yaml: "sending_queue: {num_consumers: 2}", effect: func(c *Config) any { return c.Pool.MaxConnections }, want: 5},
	{yaml: "{sending_queue: {num_consumers: 2}, pool: {max_connections: 9}}", effect: func(c *Config) any { return c.Pool.MaxConnections }, want: 9},
	{yaml: "pool: {max_connections: 1}", effect: func(c *Config) any { return c.Pool.MaxConnections }, want: 1},
	{yaml: "pool: {max_connections: -1}", message: "pool::max_connections: -1 is not valid: must be between 1 and 65535"},
	{yaml: "pool: {max_connections: 2.5}", message: "pool::max_connections: 2.5 is not valid: must be a whole number"},
	{yaml: "pool: {max_connections: 3, min_connections: 4}", message: "pool::min_connections: 4 is not valid: must be between 0 and max_connections (3)"},
	{yaml: "pool: {min_connections: 20}", effect: func(c *Config) any { return c.Pool.MaxConnections }, want: 20},
	{yaml: "pool: {connect_timeout: 10}", message: "pool::connect_timeout: 10" + needsUnit},
	{yaml: "pool: {idle_timeout: 300}", message: "pool::idle_timeout: 300" + needsUnit},
	{yaml: "pool: {max_lifetime: '1800'}", message: `pool::max_lifetime: "1800"` + needsUnit},
	{yaml: "pool: {max_lifetime: 1d}", effect: func(c *Config) any { return c.Pool.MaxLifetime }, want: 24 * time.Hour},
	// connect_retry
	{yaml: "connect_retry: {max_attempts: 0}", message: "connect_retry::max_attempts: 0 is not valid: must be between 1 and 1000"},
	{yaml: "connect_retry: {initial_delay: 100}", message: "connect_retry::initial_delay: 100" + needsUnit},
	{yaml: "connect_retry: {max_delay: 5}", message: "connect_retry::max_delay: 5" + needsUnit},
	{yaml: "connect_retry: {initial_delay: 10s}", message: "connect_retry::max_delay: 5s is not valid: must not be shorter than initial_delay (10s)"},
	{yaml: "connect_retry: {multiplier: .nan}", message: "connect_retry::multiplier: NaN is not valid: must be between 1 and 100"},
	// health_check, retention, content
	{yaml: "health_check: {interval: 30}", message: "health_check::interval: 30" + needsUnit},
	{yaml: "health_check: {interval: 0}", effect: func(c *Config) any { return c.HealthCheck.Interval }, want: time.Duration(0)},
	{yaml: "health_check: {interval: 10ms}", message: "health_check::interval: 10ms is not valid: must be 0 (off) or at least 1s"},
	{yaml: "retention: {spans: 30}", message: "retention::spans: 30" + needsUnit},
	{yaml: "retention: {spans: 30d}", effect: func(c *Config) any { return c.Retention }, want: RetentionConfig{Spans: 720 * time.Hour, Contents: 720 * time.Hour, Interval: time.Hour}},
	{yaml: "retention: {spans: 1d12h}", effect: func(c *Config) any { return c.Retention.Spans }, want: 36 * time.Hour},
	{yaml: "retention: {spans: 30m}", message: "retention::spans: 30m0s is not valid: must be 0 (for ever) or at least 24h, since whole days go"},
	{yaml: "retention: {contents: 12h}", message: "retention::contents: 12h0m0s is not valid: must be 0 (for ever) or at least 24h, since whole days go"},
	{yaml: "retention: {spans: 365d, contents: 30d}", effect: func(c *Config) any { return c.Retention.Contents }, want: 720 * time.Hour},
	{yaml: "retention: {spans: 7d, contents: 30d}", message: "retention::contents: 720h0m0s is not valid: must be at most retention::spans (168h0m0s)"},
	{yaml: "retention: {spans: 200000d}", message: `retention::spans: "200000d" is not valid: must be a duration such as 30s, 30m, 30h or 30d, at most 106751d`},
	{yaml: "retention: {spans: -30d}", message: "retention::spans: -720h0m0s is not valid: must be 0 (for ever) or at least 24h, since whole days go"},
	{yaml: "retention: {spans: a month}", message: `retention::spans: "a month" is not valid: must be a duration such as 30s, 30m, 30h or 30d`},
	{yaml: "retention: {interval: 60}", message: "retention::interval: 60" + needsUnit},
	{yaml: "retention: {interval: 0s}", message: "retention::interval: 0s is not valid: must be at least 1s, such as 1h"},
	{yaml: "events: {keep: all}", effect: func(c *Config) any { return string(c.Events.Keep) }, want: "all"},
	{yaml: "events: {keep: none}", message: `events::keep: "none" is not valid: must be genai or all`},
	{yaml: "content: {capture: none}", message: `content::capture: "none" is not valid: must be full or metadata`},
	{yaml: "content: {max_bytes: -1}", message: "content::max_bytes: -1 is not valid: must be between 1 and 134217728"},
	{yaml: "content: {max_bytes: 1e9}", message: "content::max_bytes: 1000000000 is not valid: must be between 1 and 134217728"},
	{yaml: "labels: [team, team.id, cost_center]", effect: func(c *Config) any { return c.Labels }, want: []string{"team", "team.id", "cost_center"}},
	{yaml: "labels: [team, '']", message: `labels::1: "" is not valid: must be the name of an attribute, such as team`},
	{yaml: `labels: ["a\0b"]`, message: `labels::0: "a\x00b" is not valid: must be the name of an attribute, such as team`},
	{yaml: "labels: [team, region, team]", message: `labels::2: "team" is not valid: stands in the list before; name each label once`},
	{yaml: "create_schema: sometimes", message: "'create_schema' expected type 'bool'"},
	{yaml: "retenton: {spans: 30d}", message: "invalid keys: retenton"},
	// timeout
	{yaml: "timeout: 30", message: "timeout: 30" + needsUnit},
	{yaml: "timeout: 30ms", message: "timeout: 30ms is not valid: bounds the transaction of a batch, so it must be 0 (none) or at least 1s"},
	{yaml: "timeout: -1s", message: "timeout: -1s is not valid: bounds the transaction of a batch, so it must be 0 (none) or at least 1s"},
	{yaml: "timeout: 1m", effect: func(c *Config) any { return c.TimeoutConfig.Timeout }, want: time.Minute},
	// sending_queue
	{yaml: "sending_queue: {queue_size: 1000}", message: "sending_queue::queue_size: 1000 is not valid: counts bytes (sizer: bytes), so it must be at least 65536; set sizer: items or requests to count these"},
	{yaml: "sending_queue: {queue_size: 1000000}", message: "sending_queue::queue_size: 1000000 is not valid: must hold a batch of batch::min_size (8388608, both in bytes); lower that"},
	{yaml: "sending_queue: {queue_size: 1073741824}", effect: func(c *Config) any { return queueOf(c).QueueSize }, want: int64(1 << 30)},
	{yaml: "sending_queue: {queue_size: -1}", message: "`queue_size` must be positive"},
	{yaml: "sending_queue: {sizer: items}", message: "sending_queue::queue_size: is required with sizer items: the default, 268435456, counts bytes"},
	{yaml: "sending_queue: {sizer: requests}", message: "sending_queue::queue_size: is required with sizer requests: the default, 268435456, counts bytes"},
	{yaml: "sending_queue: {sizer: requests, queue_size: 1000}", effect: func(c *Config) any { return []any{queueOf(c).QueueSize, batchOf(c).MinSize, batchOf(c).Sizer.String()} }, want: []any{int64(1000), int64(8 << 20), "bytes"}},
	{yaml: "sending_queue: {sizer: spans}", message: "invalid"},
	{yaml: "sending_queue: {num_consumers: 0}", message: "`num_consumers` must be positive"},
	{yaml: "sending_queue: {num_consumers: 2.5}", message: "sending_queue::num_consumers: 2.5 is not valid: must be a whole number"},
	{yaml: "sending_queue: {batch: {min_size: 8192}}", message: "sending_queue::batch::min_size: 8192 is not valid: counts bytes (batch::sizer: bytes), so it must be 0 (none) or at least 65536; set batch::sizer: items to count spans"},
	{yaml: "sending_queue: {batch: {sizer: items, min_size: 1000}}", effect: func(c *Config) any { return batchOf(c).MinSize }, want: int64(1000)},
	{yaml: "sending_queue: {batch: {sizer: items}}", effect: func(c *Config) any { return batchOf(c).MinSize }, want: int64(8192)},
	{yaml: "sending_queue: {sizer: items, queue_size: 5000, batch: {flush_timeout: 1s}}", effect: func(c *Config) any { return []any{batchOf(c).MinSize, batchOf(c).Sizer.String()} }, want: []any{int64(5000), "items"}},
	{yaml: "sending_queue: {batch: {sizer: items, max_size: 500}}", effect: func(c *Config) any { return batchOf(c).MinSize }, want: int64(500)},
	{yaml: "sending_queue: {batch: {min_size: 0}}", effect: func(c *Config) any { return batchOf(c).MinSize }, want: int64(0)},
	{yaml: "sending_queue: {batch: {max_size: 16777216}}", message: "sending_queue::batch::max_size: 16777216 is not valid: must be 0 (none) with sizer bytes, as longer spans would be lost"},
	{yaml: "sending_queue: {batch: {sizer: requests}}", message: "`batch` supports only `items` or `bytes` sizer"},
	{yaml: "sending_queue: {batch: {flush_timeout: 200}}", message: "sending_queue::batch::flush_timeout: 200" + needsUnit},
	{yaml: "sending_queue: {batch: {flush_timeout: 1s}}", effect: func(c *Config) any { return []any{batchOf(c).FlushTimeout, batchOf(c).MinSize} }, want: []any{time.Second, int64(8 << 20)}},
	{yaml: "sending_queue: {batch: {partition: {idle_timeout: 90}}}", message: "sending_queue::batch::partition::idle_timeout: 90" + needsUnit},
	{yaml: "sending_queue: {enabled: false}", effect: func(c *Config) any { return []any{c.QueueConfig.HasValue(), c.Pool.MaxConnections} }, want: []any{false, 13}},
	{yaml: "sending_queue: {storage: file_storage, wait_for_result: true}", message: "`wait_for_result` is not supported with a persistent queue"},
	{yaml: "sending_queue: {size: 1}", message: "'queuebatch.Config' has invalid keys: size"},
	// retry_on_failure
	{yaml: "retry_on_failure: {initial_interval: 5}", message: "retry_on_failure::initial_interval: 5" + needsUnit},
	{yaml: "retry_on_failure: {max_interval: 30}", message: "retry_on_failure::max_interval: 30" + needsUnit},
	{yaml: "retry_on_failure: {max_elapsed_time: 300}", message: "retry_on_failure::max_elapsed_time: 300" + needsUnit},
	{yaml: "retry_on_failure: {max_elapsed_time: 0}", effect: func(c *Config) any { return c.RetryConfig.MaxElapsedTime }, want: time.Duration(0)},
	{yaml: "retry_on_failure: {initial_interval: 2.5s}", effect: func(c *Config) any { return c.RetryConfig.InitialInterval }, want: seconds(2.5)},
	{yaml: "retry_on_failure: {max_elapsed_time: 10s}", message: "'max_elapsed_time' must not be less than 'max_interval'"},
	{yaml: "retry_on_failure: {multiplier: -1}", message: "retry_on_failure::multiplier: -1 is not valid: must be at least 1"},
	{yaml: "retry_on_failure: {randomization_factor: 2}", message: "randomization_factor value must be less than or equal to 1"},
	{yaml: "retry_on_failure: {multiplier: 0}", message: "retry_on_failure::multiplier: 0 is not valid: must be at least 1"},
	{yaml: "retry_on_failure: {initial_interval: 0s}", message: "retry_on_failure::initial_interval: 0s is not valid: must be longer than 0, such as 5s"},
	{yaml: "retry_on_failure: {initial_interval: 1m}", message: "retry_on_failure::max_interval: 30s is not valid: must not be shorter than initial_interval (1m0s)"},
	{yaml: "retry_on_failure: {enabled: false}", effect: func(c *Config) any { return c.RetryConfig.Enabled }, want: false},
}

func TestSettings(t *testing.T) {
	require.GreaterOrEqual(t, len(settings), 87)
	for _, s := range settings {
		t.Run(s.yaml, func(t *testing.T) {
			var block map[string]any
			require.NoError(t, yaml.Unmarshal([]byte(s.yaml), &block))
			if _, found := block["postgres"]; !found {
				block["postgres"] = map[string]any{"url": "postgresql://u@db/llm"}
			}
			cfg := newDefaultConfig(t)
			err := confmap.NewFromStringMap(block).Unmarshal(cfg)
			if err == nil {
				err = confmap.Validate(cfg)
			}
			if s.message != "" {
				assert.ErrorContains(t, err, s.message)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, s.want, s.effect(cfg))
		})
	}
}

// TestEveryDurationAndNumberIsLookedAt compares the lists of keys with the types.
func TestEveryDurationAndNumberIsLookedAt(t *testing.T) {
	var durations, whole []string
	keysByKind(reflect.TypeFor[Config](), "", &durations, &whole)
	assert.ElementsMatch(t, durations, durationKeys)
	assert.ElementsMatch(t, whole, wholeKeys)
}

// keysByKind lists the keys of a configuration struct that hold durations and whole numbers.
func keysByKind(typ reflect.Type, prefix string, durations, whole *[]string) {
	for i := range typ.NumField() {
		field := typ.Field(i)
		tag, found := field.Tag.Lookup("mapstructure")
		if !found || tag == "-" {
			continue
		}
		name, option, _ := strings.Cut(tag, ",")
		key := prefix + name
		switch kind := field.Type; {
		case option == "squash":
			keysByKind(kind, prefix, durations, whole)
		case kind == reflect.TypeFor[time.Duration]():
			*durations = append(*durations, key)
		case kind.Kind() == reflect.Int || kind.Kind() == reflect.Int64:
			*whole = append(*whole, key)
		case strings.HasPrefix(kind.Name(), reflect.TypeFor[configoptional.Optional[int]]().Name()[:len("Optional")]):
			value, _ := kind.FieldByName("value")
			keysByKind(value.Type, key+confmap.KeyDelimiter, durations, whole)
		case kind.Kind() == reflect.Struct:
			if _, isText := reflect.New(kind).Interface().(interface{ UnmarshalText([]byte) error }); !isText {
				keysByKind(kind, key+confmap.KeyDelimiter, durations, whole)
			}
		}
	}
}
