package pool

import (
	"time"

	"go.opentelemetry.io/collector/config/configopaque"
)

// Config says where Postgres and Redis are and how connections to them are held.
// Start from [DefaultConfig], [ConfigFromEnv] or [ConfigFromFile]; the zero value is not valid.
type Config struct {
	Postgres     PostgresConfig `mapstructure:"postgres"`
	Redis        RedisConfig    `mapstructure:"redis"`
	Pool         SizeConfig     `mapstructure:"pool"`
	ConnectRetry RetryConfig    `mapstructure:"connect_retry"`

	// UseRedis turns Redis on. ConfigFromEnv sets it if REDIS_URL is set, ConfigFromFile if the file has a
	// redis block.
	UseRedis bool `mapstructure:"-"`

	origin origin
}

// PostgresConfig says which database to use and how to log in.
type PostgresConfig struct {
	// URL is a libpq connection URL (postgresql://…) or keyword/value string. It replaces Host, Port,
	// Database and Username; the other fields add what it does not say.
	URL configopaque.String `mapstructure:"url"`
	// Host is a host name, an IP address or the absolute path of a unix socket's directory; several are
	// separated by commas and tried in turn.
	Host     string              `mapstructure:"host"`
	Port     int                 `mapstructure:"port"`
	Database string              `mapstructure:"database"`
	Username string              `mapstructure:"username"`
	Password configopaque.String `mapstructure:"password"`
	// PasswordFile holds the password instead; it is read again for every new connection.
	PasswordFile string `mapstructure:"password_file"`
	// SSLMode is one of disable, allow, prefer, require, verify-ca and verify-full, as in libpq.
	SSLMode string `mapstructure:"ssl_mode"`
	// TLS names PEM files: whom to trust and who we are.
	TLS TLSConfig `mapstructure:"tls"`
	// ApplicationName is what pg_stat_activity shows.
	ApplicationName string `mapstructure:"application_name"`
	// Schema holds every table. Whoever builds SQL quotes it.
	Schema string `mapstructure:"schema"`
}

// TLSConfig names PEM files; all are optional, certificate and key go together.
type TLSConfig struct {
	CAFile   string `mapstructure:"ca_file"`
	CertFile string `mapstructure:"cert_file"`
	KeyFile  string `mapstructure:"key_file"`
}

// RedisConfig says where Redis is: one server by URL, or Sentinels or a cluster by Addrs.
type RedisConfig struct {
	// URL is redis://, rediss:// (TLS) or unix://. Addrs, if set, replaces it.
	URL configopaque.String `mapstructure:"url"`
	// Addrs are host:port of the cluster's nodes or, with MasterName, of the Sentinels.
	Addrs      []string            `mapstructure:"addrs"`
	MasterName string              `mapstructure:"master_name"`
	Username   string              `mapstructure:"username"`
	Password   configopaque.String `mapstructure:"password"`
	// SentinelPassword logs in to the Sentinels themselves.
	SentinelPassword configopaque.String `mapstructure:"sentinel_password"`
	// TLS adds files to a rediss:// URL; with Addrs it turns TLS on.
	TLS TLSConfig `mapstructure:"tls"`
	// PoolSize is the largest number of connections to one server.
	PoolSize int `mapstructure:"pool_size"`
	// Timeout bounds connecting, reading and writing, each.
	Timeout time.Duration `mapstructure:"timeout"`
	// KeyPrefix starts every key, so that several installations can share a server.
	KeyPrefix string `mapstructure:"key_prefix"`
	// TTL is how long a key lives.
	TTL time.Duration `mapstructure:"ttl"`
}

// SizeConfig bounds the number and the age of the Postgres connections.
type SizeConfig struct {
	MaxConnections int `mapstructure:"max_connections"`
	MinConnections int `mapstructure:"min_connections"`
	// ConnectTimeout bounds one attempt to connect to one host.
	ConnectTimeout time.Duration `mapstructure:"connect_timeout"`
	// IdleTimeout closes a connection that nobody used for so long.
	IdleTimeout time.Duration `mapstructure:"idle_timeout"`
	// MaxLifetime closes a connection that is older.
	MaxLifetime time.Duration `mapstructure:"max_lifetime"`
}

// RetryConfig says how often and how fast [New] and [Pool.Connect] try to reach Postgres.
type RetryConfig struct {
	MaxAttempts  int           `mapstructure:"max_attempts"`
	InitialDelay time.Duration `mapstructure:"initial_delay"`
	MaxDelay     time.Duration `mapstructure:"max_delay"`
	Multiplier   float64       `mapstructure:"multiplier"`
}

// DefaultConfig returns the defaults without a look at the environment. Redis is off.
func DefaultConfig() Config {
	return Config{
		Postgres: PostgresConfig{
			Host:            "localhost",
			Port:            5432,
			Database:        "llm_observatory",
			Username:        "postgres",
			SSLMode:         "prefer",
			ApplicationName: "llm-observatory",
			Schema:          "public",
		},
		Redis: RedisConfig{
			URL:       "redis://localhost:6379/0",
			PoolSize:  10,
			Timeout:   5 * time.Second,
			KeyPrefix: "llmobs",
			TTL:       time.Hour,
		},
		Pool: SizeConfig{
			MaxConnections: 13,
			MinConnections: 0,
			ConnectTimeout: 10 * time.Second,
			IdleTimeout:    5 * time.Minute,
			MaxLifetime:    30 * time.Minute,
		},
		ConnectRetry: RetryConfig{
			MaxAttempts:  3,
			InitialDelay: 100 * time.Millisecond,
			MaxDelay:     5 * time.Second,
			Multiplier:   2,
		},
	}
}
