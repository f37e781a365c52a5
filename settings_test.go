package llmobservatoryexporter

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
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
	{yaml: "postgres: {password: x, port: 'tcp://10.0.0.1:5432'}", message: `postgres::port: "tcp://10.0.0.1:5432" is not valid: must be a whole number, without quotes or a unit`},
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
	{yaml: "postgres: {password: x, schema: Überwachung}", effect: func(c *Config) any { return c.Postgres.Schema }, want: "Überwachung"},
	{yaml: "postgres: {password: x, schema: 日本語日本語日本語日本語日本語日本語日本語日}", message: "is not valid: must have 1 to 63 bytes"},
	{yaml: "postgres: {password: x, schema: ' team_a'}", message: `postgres::schema: " team_a" is not valid: must not begin or end with a space`},
	{yaml: "postgres: {password: x, schema: information_schema}", message: `postgres::schema: "information_schema" is not valid: is a schema of Postgres itself`},
	{yaml: "postgres: {password: x, schema: 5}", message: "postgres::schema: 5 is not valid: must be text; put numbers and words such as yes in quotes"},
	{yaml: "postgres: {password: x, schema: null}", effect: func(c *Config) any { return c.Postgres.Schema }, want: "public"},
	{yaml: "postgres: {password: 12345}", message: "postgres::password: the value (not shown) is not valid: must be text; put numbers and words such as yes in quotes"},
	{yaml: "postgres: {password: x, port: '5433'}", message: `postgres::port: "5433" is not valid: must be a whole number, without quotes or a unit`},
	{yaml: "postgres: {password: x, ssl_mode: verify_full}", message: `postgres::ssl_mode: "verify_full" is not valid: must be one of disable, allow, prefer, require, verify-ca, verify-full`},
	{yaml: "postgres: {password: x, ssl_mode: Require}", message: `postgres::ssl_mode: "Require" is not valid: must be one of`},
	{yaml: "postgres: {password: x, host: '*'}", message: `postgres::host: "*" is not valid: must be a host name, an IP address or the absolute path of a socket's folder`},
	{yaml: "postgres: {password: x, host: user@db}", message: `postgres::host: "user@db" is not valid: must be a host; the user goes into postgres::username (DB_USER)`},
	{yaml: "postgres: {host: /run/postgresql/.s.PGSQL.5432}", message: "must be the folder of the socket, without the socket's own name"},
	{yaml: "postgres: {host: '@abstract'}", effect: func(c *Config) any { return c.Postgres.Host }, want: "@abstract"},
	{yaml: "postgres: {host: '/run/postgresql,db'}", message: "postgres::password: DB_PASSWORD environment variable is required"},
	{yaml: "postgres: {password: x, host: 'fe80::1%eth0'}", effect: func(c *Config) any { return c.Postgres.Host }, want: "fe80::1%eth0"},
	{yaml: "postgres: {password: x, host: [db1, db2]}", message: "postgres::host: [db1 db2] is not valid: must be text"},
	{yaml: "postgres: {url: 'postgresql://u@[::1]:5432/llm'}", effect: func(c *Config) any { return string(c.Postgres.URL) }, want: "postgresql://u@[::1]:5432/llm"},
	{yaml: "postgres: {url: 'postgresql://u@::1:5432/llm'}", message: "postgres::url: the value (not shown) is not valid: invalid port"},
	{yaml: "postgres: {url: 'postgresql:///llm?host=/run/postgresql'}", effect: func(c *Config) any { return string(c.Postgres.URL) }, want: "postgresql:///llm?host=/run/postgresql"},
	{yaml: `postgres: {url: "postgresql://u@db/llm\n"}`, message: "postgres::url: the value (not shown) is not valid: must not begin or end with a space or a line break"},
	{yaml: "postgres: {url: 'postgresql://u@db/llm?search_path=team_a'}", message: "postgres::url: the value (not shown) is not valid: must not have the parameter search_path; set postgres::schema instead"},
	{yaml: "postgres: {url: 'postgresql://u@db/llm?schema=team_a'}", message: "must not have the parameter schema; set postgres::schema instead"},
	{yaml: "postgres: {url: 'postgresql://u@db/llm?pool_max_conns=4'}", message: "must not have the parameter pool_max_conns; set pool::max_connections instead"},
	{yaml: "postgres: db", message: `postgres: "db" is not valid: must be a block of keys`},
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
	{yaml: "redis: {ttl: 0s}", message: "redis::ttl: 0s is not valid: must be between 1s and 24000h0m0s, such as 5s"},
	{yaml: "redis: {key_prefix: ''}", message: `redis::key_prefix: "" is not valid: must be a name`},
	{yaml: "redis: null", effect: func(c *Config) any { return c.PoolConfig().UseRedis }, want: true},
	{yaml: "redis: true", message: "redis: true is not valid: must be a block of keys"},
	{yaml: "redis: {enabled: false}", effect: func(c *Config) any { return c.PoolConfig().UseRedis }, want: false},
	{yaml: "redis: {url: 'redis://[::1]:6379/0'}", effect: func(c *Config) any { return string(c.Redis.Get().URL) }, want: "redis://[::1]:6379/0"},
	{yaml: "redis: {url: 'redis://cache/-1'}", message: `redis::url: "redis://cache/-1" is not valid: must be redis://`},
	{yaml: "redis: {url: 'redis://u:p@cache', password: x}", message: "redis::password: is set together with redis::url, which says it as well; keep one of them"},
	{yaml: "redis: {url: 'redis://u:p@cache', username: x}", message: "redis::username: is set together with redis::url, which says it as well; keep one of them"},
	{yaml: "redis: {addrs: ['cache:redis']}", message: `redis::addrs::0: "cache:redis" is not valid: must be host:port, such as cache:6379 or [::1]:6379`},
	{yaml: "redis: {addrs: ['::1:6379']}", message: `redis::addrs::0: "::1:6379" is not valid: must be host:port`},
	{yaml: "redis: {addrs: ['[::1]:6379']}", effect: func(c *Config) any { return c.Redis.Get().Addrs }, want: []string{"[::1]:6379"}},
	{yaml: "redis: {timeout: 1ns}", message: "redis::timeout: 1ns is not valid: must be between 1ms and 1h0m0s, such as 5s"},
	// pool
	{yaml: "pool: {max_connections: '20'}", message: `pool::max_connections: "20" is not valid: must be a whole number, without quotes or a unit`},
	{yaml: "pool: {max_connections: null}", effect: func(c *Config) any { return c.Pool.MaxConnections }, want: 13},
	{yaml: "pool: {max_connections: 1e2}", effect: func(c *Config) any { return c.Pool.MaxConnections }, want: 100},
	{yaml: "pool: {connect_timeout: 1ns}", message: "pool::connect_timeout: 1ns is not valid: must be between 10ms and 1h0m0s, such as 5s"},
	{yaml: "pool: {max_lifetime: 1ms}", message: "pool::max_lifetime: 1ms is not valid: must be between 1s and 24000h0m0s, such as 5s"},
	{yaml: "pool: {idle_timeout: 100000d}", message: "pool::idle_timeout: 2400000h0m0s is not valid: must be between 1s and 24000h0m0s, such as 5s"},
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
	{yaml: "connect_retry: {max_delay: 1000d}", message: "connect_retry::max_delay: 24000h0m0s is not valid: must not be shorter than initial_delay (100ms), nor longer than 1h0m0s"},
	{yaml: "connect_retry: {multiplier: '2'}", message: `connect_retry::multiplier: "2" is not valid: must be a number, without quotes`},
	{yaml: "connect_retry: {max_attempts: 0.5}", message: "connect_retry::max_attempts: 0.5 is not valid: must be a whole number"},
	// health_check, retention, content
	{yaml: "health_check: {interval: null}", effect: func(c *Config) any { return c.HealthCheck.Interval }, want: 30 * time.Second},
	{yaml: "health_check: {interval: 106751d}", message: "health_check::interval: 2562024h0m0s is not valid: must be 0 (off) or between 1s and 24h"},
	{yaml: "health_check: 30s", message: `health_check: "30s" is not valid: must be a block of keys`},
	{yaml: "retention: {spans: null}", effect: func(c *Config) any { return c.Retention.Spans }, want: time.Duration(0)},
	{yaml: "retention: {spans: 4w}", message: `retention::spans: "4w" is not valid: must be a duration such as 30s, 30m, 30h or 30d`},
	{yaml: "retention: {spans: [30d]}", message: "retention::spans: [30d] is not valid: must be a duration, such as 30s"},
	{yaml: "retention: {contents: 30d}", effect: func(c *Config) any { return c.Retention }, want: RetentionConfig{Contents: 720 * time.Hour, Interval: time.Hour}},
	{yaml: "create_schema: null", effect: func(c *Config) any { return c.CreateSchema }, want: true},
	{yaml: "create_schema: 'true'", message: `create_schema: "true" is not valid: must be true or false, without quotes`},
	{yaml: "content: {capture: null}", effect: func(c *Config) any { return c.Content.Capture }, want: "full"},
	{yaml: "content: {capture: FULL}", message: `content::capture: "FULL" is not valid: must be full or metadata`},
	{yaml: "content: {capture: false}", message: "content::capture: false is not valid: must be text"},
	{yaml: "content: {max_bytes: 16MiB}", message: `content::max_bytes: "16MiB" is not valid: must be a whole number, without quotes or a unit`},
	{yaml: "labels: team", effect: func(c *Config) any { return c.Labels }, want: []string{"team"}},
	{yaml: "labels: [1, 2]", message: `labels: [1 2] is not valid: must be a list of texts, such as ["a", "b"]`},
	{yaml: "labels: [' team']", message: `labels::0: " team" is not valid: must not begin or end with a space`},
	{yaml: "health_check: {interval: 30}", message: "health_check::interval: 30" + needsUnit},
	{yaml: "health_check: {interval: 0}", effect: func(c *Config) any { return c.HealthCheck.Interval }, want: time.Duration(0)},
	{yaml: "health_check: {interval: 10ms}", message: "health_check::interval: 10ms is not valid: must be 0 (off) or between 1s and 24h"},
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
	{yaml: "create_schema: sometimes", message: `create_schema: "sometimes" is not valid: must be true or false, without quotes`},
	{yaml: "retenton: {spans: 30d}", message: "invalid keys: retenton"},
	// timeout
	{yaml: "timeout: 30", message: "timeout: 30" + needsUnit},
	{yaml: "timeout: 30ms", message: "timeout: 30ms is not valid: bounds the transaction of a batch, so it must be 0 (none) or at least 1s"},
	{yaml: "timeout: -1s", message: "timeout: -1s is not valid: bounds the transaction of a batch, so it must be 0 (none) or at least 1s"},
	{yaml: "timeout: 1m", effect: func(c *Config) any { return c.TimeoutConfig.Timeout }, want: time.Minute},
	{yaml: "timeout: null", effect: func(c *Config) any { return c.TimeoutConfig.Timeout }, want: 30 * time.Second},
	{yaml: "timeout: {seconds: 3}", message: "timeout: map[seconds:3] is not valid: must be a duration, such as 30s"},
	// sending_queue
	{yaml: "sending_queue: {queue_size: 1GiB}", message: `sending_queue::queue_size: "1GiB" is not valid: must be a whole number, without quotes or a unit`},
	{yaml: "sending_queue: {queue_size: null}", effect: func(c *Config) any { return queueOf(c).QueueSize }, want: int64(256 << 20)},
	{yaml: "sending_queue: {num_consumers: -3}", message: "`num_consumers` must be positive"},
	{yaml: "sending_queue: {num_consumers: 100000}", message: "sending_queue::num_consumers: 100000 is not valid: must be at most 1000: each has a connection to PostgreSQL"},
	{yaml: "sending_queue: {storage: ''}", message: `sending_queue::storage: "" is not valid: must be the name of an extension, such as file_storage`},
	{yaml: "sending_queue: {batch: {flush_timeout: -1s}}", message: "`flush_timeout` must be positive"},
	{yaml: "sending_queue: false", message: "sending_queue: false is not valid: must be a block of keys"},
	{yaml: "sending_queue: {queue_size: 1000}", message: "sending_queue::queue_size: 1000 is not valid: counts bytes (sizer: bytes), so it must be at least 65536; set sizer: items or requests to count these"},
	{yaml: "sending_queue: {queue_size: 1000000}", message: "sending_queue::queue_size: 1000000 is not valid: must hold a batch of batch::min_size (8388608, both in bytes); lower that"},
	{yaml: "sending_queue: {queue_size: 1073741824}", effect: func(c *Config) any { return queueOf(c).QueueSize }, want: int64(1 << 30)},
	{yaml: "sending_queue: {queue_size: -1}", message: "`queue_size` must be positive"},
	{yaml: "sending_queue: {sizer: items}", message: "sending_queue::queue_size: is required with sizer items: the default, 268435456, counts bytes"},
	{yaml: "sending_queue: {sizer: requests}", message: "sending_queue::queue_size: is required with sizer requests: the default, 268435456, counts bytes"},
	{yaml: "sending_queue: {sizer: requests, queue_size: 1000}", effect: func(c *Config) any { return []any{queueOf(c).QueueSize, batchOf(c).MinSize, batchOf(c).Sizer.String()} }, want: []any{int64(1000), int64(8 << 20), "bytes"}},
	{yaml: "sending_queue: {sizer: spans}", message: `sending_queue::sizer: "spans" is not valid: must be bytes, items or requests`},
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
	{yaml: "retry_on_failure: {multiplier: -1}", message: "retry_on_failure::multiplier: -1 is not valid: must be between 1 and 100"},
	{yaml: "retry_on_failure: {randomization_factor: 2}", message: "randomization_factor value must be less than or equal to 1"},
	{yaml: "retry_on_failure: {multiplier: 0}", message: "retry_on_failure::multiplier: 0 is not valid: must be between 1 and 100"},
	{yaml: "retry_on_failure: {initial_interval: 0s}", message: "retry_on_failure::initial_interval: 0s is not valid: must be at least 1ms, such as 5s"},
	{yaml: "retry_on_failure: {initial_interval: 1m}", message: "retry_on_failure::max_interval: 30s is not valid: must not be shorter than initial_interval (1m0s)"},
	{yaml: "retry_on_failure: {enabled: null}", effect: func(c *Config) any { return c.RetryConfig.Enabled }, want: true},
	{yaml: "retry_on_failure: {multiplier: .inf}", message: "retry_on_failure::multiplier: +Inf is not valid: must be between 1 and 100"},
	{yaml: "retry_on_failure: {randomization_factor: .nan}", message: "retry_on_failure::randomization_factor: NaN is not valid: must be between 0 and 1"},
	{yaml: "retry_on_failure: {initial_interval: 1ns}", message: "retry_on_failure::initial_interval: 1ns is not valid: must be at least 1ms, such as 5s"},
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

// settle decodes and checks a block.
func settle(t *testing.T, block *confmap.Conf) (*Config, error) {
	t.Helper()
	cfg := newDefaultConfig(t, "DATABASE_URL=postgresql://u@db/llm")
	if err := block.Unmarshal(cfg); err != nil {
		return cfg, err
	}
	return cfg, confmap.Validate(cfg)
}

// TestEveryDurationAndNumberIsLookedAt gives each key numbers that confmap would take for something else.
func TestEveryDurationAndNumberIsLookedAt(t *testing.T) {
	durations, numbers := 0, 0
	for _, k := range keys {
		switch {
		case k.typ == reflect.TypeFor[time.Duration]():
			durations++
			_, err := settle(t, nested(k.name, 30))
			assert.ErrorContains(t, err, k.name+": 30"+needsUnit)
		case isWhole(k.typ):
			numbers++
			_, err := settle(t, nested(k.name, 2.5))
			assert.ErrorContains(t, err, k.name+": 2.5 is not valid: must be a whole number")
		}
	}
	assert.Equal(t, []int{17, 11}, []int{durations, numbers})
}

// TestEveryKeyNamesAWrongType gives each key values of all types: it takes them, or the message has the key.
func TestEveryKeyNamesAWrongType(t *testing.T) {
	for _, k := range keys {
		for _, value := range []any{"text", "", 30, -1, 2.5, true, []any{"a", 1}, []any{}, map[string]any{"none": 1}} {
			_, err := settle(t, nested(k.name, value))
			if err == nil || k.name == "postgres::host" && value == "text" { // sets the URL aside, so that a password is missing
				continue
			}
			name := k.name[strings.LastIndex(k.name, ":")+1:]
			assert.ErrorContains(t, err, name, "%s: %v", k.name, value)
			assert.NotContains(t, err.Error(), "unconvertible", "%s: %v", k.name, value)
			assert.NotContains(t, err.Error(), "expected", "%s: %v", k.name, value)
		}
	}
}

// TestKeyWithoutAValueIsLeftOut is about YAML such as "timeout:" and about variables that are not set.
func TestKeyWithoutAValueIsLeftOut(t *testing.T) {
	for _, k := range keys {
		got, err := settle(t, nested(k.name, nil))
		require.NoError(t, err, k.name)
		block := map[string]any{}
		if strings.HasPrefix(k.name, "redis") {
			block["redis"] = map[string]any{}
		}
		want, err := settle(t, confmap.NewFromStringMap(block))
		require.NoError(t, err)
		assert.Equal(t, want, got, k.name)
	}
}

// TestNumberFromTheEnvironmentIsTextWhereTextBelongs resolves a configuration as the collector does.
func TestNumberFromTheEnvironmentIsTextWhereTextBelongs(t *testing.T) {
	cfg := newDefaultConfig(t)
	t.Setenv("SECRET", "0123")
	file := filepath.Join(t.TempDir(), "block.yaml")
	require.NoError(t, os.WriteFile(file, []byte("{postgres: {password: '${env:SECRET}', host: db}, timeout: '${env:NONE}', create_schema: sometimes}"), 0o600))
	resolver, err := confmap.NewResolver(confmap.ResolverSettings{
		URIs:              []string{file},
		ProviderFactories: []confmap.ProviderFactory{fileprovider.NewFactory(), envprovider.NewFactory()},
	})
	require.NoError(t, err)
	conf, err := resolver.Resolve(t.Context())
	require.NoError(t, err)
	require.NoError(t, conf.Unmarshal(cfg))
	assert.EqualError(t, confmap.Validate(cfg), `create_schema: "sometimes" is not valid: must be true or false, without quotes`)
	assert.Equal(t, "0123", string(cfg.Postgres.Password))
	assert.Equal(t, 30*time.Second, cfg.TimeoutConfig.Timeout)
}

// TestSettingsOfTheEnvironment has variables as people and platforms set them.
func TestSettingsOfTheEnvironment(t *testing.T) {
	for _, s := range []struct {
		variables []string
		effect    func(*Config) any
		want      any
		message   string
	}{
		{variables: []string{"DB_PORT=tcp://10.0.0.1:5432"}, effect: func(c *Config) any { return c.Postgres.Port }, want: 5432},
		{variables: []string{"DB_PORT=tcp://[fd00::1]:5432"}, effect: func(c *Config) any { return c.Postgres.Port }, want: 5432},
		{variables: []string{"DB_PORT=5433"}, effect: func(c *Config) any { return c.Postgres.Port }, want: 5433},
		{variables: []string{"DB_PORT=5432,5433"}, message: `postgres::port (environment variable DB_PORT): "5432,5433" is not valid: must be a whole number`},
		{variables: []string{"DB_PORT= 5432"}, message: `postgres::port (environment variable DB_PORT): " 5432" is not valid: must be a whole number`},
		{variables: []string{"DB_HOST=db:5432"}, message: `postgres::host (environment variable DB_HOST): "db:5432" is not valid: must be a host; the port goes into postgres::port (DB_PORT)`},
		{variables: []string{"DB_HOST="}, effect: func(c *Config) any { return c.Postgres.Host }, want: "localhost"},
		{variables: []string{"DB_HOST=::1"}, effect: func(c *Config) any { return c.Postgres.Host }, want: "::1"},
		{variables: []string{"DB_SSL_MODE=true"}, message: `postgres::ssl_mode (environment variable DB_SSL_MODE): "true" is not valid: must be one of disable`},
		{variables: []string{"DATABASE_URL=db:5432"}, message: "postgres::url (environment variable DATABASE_URL): the value (not shown) is not valid: must be postgresql://"},
		{variables: []string{"DATABASE_URL=postgresql://u@db/llm?search_path=x"}, message: "postgres::url (environment variable DATABASE_URL): the value (not shown) is not valid: must not have the parameter search_path"},
		{variables: []string{"REDIS_URL=cache:6379"}, message: `redis::url (environment variable REDIS_URL): "cache:6379" is not valid: must be redis://`},
		{variables: []string{"REDIS_POOL_SIZE=0"}, effect: func(c *Config) any { return c.PoolConfig().UseRedis }, want: false},
		{variables: []string{"DB_POOL_IDLE_TIMEOUT=5m"}, message: `pool::idle_timeout (environment variable DB_POOL_IDLE_TIMEOUT): "5m" is not valid: must be a whole number, in units of 1s`},
		{variables: []string{"DB_POOL_CONNECT_TIMEOUT=-1"}, message: "pool::connect_timeout (environment variable DB_POOL_CONNECT_TIMEOUT): -1s is not valid: must be between 10ms and 1h0m0s"},
		{variables: []string{"DB_POOL_MAX_LIFETIME=99999999999"}, message: `pool::max_lifetime (environment variable DB_POOL_MAX_LIFETIME): "99999999999" is not valid: must be`},
		{variables: []string{"DB_POOL_MAX_CONNECTIONS=5"}, effect: func(c *Config) any { return c.Pool.MaxConnections }, want: 5},
		{variables: []string{"DB_RETRY_BACKOFF_MULTIPLIER=2,5"}, message: `connect_retry::multiplier (environment variable DB_RETRY_BACKOFF_MULTIPLIER): "2,5" is not valid: must be a number`},
		{variables: []string{"DB_RETRY_MAX_ATTEMPTS=0"}, message: "connect_retry::max_attempts (environment variable DB_RETRY_MAX_ATTEMPTS): 0 is not valid: must be between 1 and 1000"},
	} {
		t.Run(strings.Join(s.variables, " "), func(t *testing.T) {
			cfg := newDefaultConfig(t, append([]string{"DB_PASSWORD=x"}, s.variables...)...)
			load(t, cfg, nil)
			err := confmap.Validate(cfg)
			if s.message != "" {
				assert.ErrorContains(t, err, s.message)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, s.want, s.effect(cfg))
		})
	}
}
