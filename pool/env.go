package pool

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/joho/godotenv"
	"go.opentelemetry.io/collector/config/configopaque"
)

// serviceAddress is what Kubernetes puts into DB_PORT where a Service is called db. Nobody set that for the exporter.
var serviceAddress = regexp.MustCompile(`^(tcp|udp|sctp)://`)

// dotEnv is read from the working directory.
const dotEnv = ".env"

// variable is an environment variable and the key it stands for.
type variable struct {
	name  string
	key   string
	field func(*Config) any
	unit  time.Duration // of a duration: the variable counts these
}

var variables = []variable{
	{"DATABASE_URL", "postgres::url", func(c *Config) any { return &c.Postgres.URL }, 0},
	{"DB_HOST", "postgres::host", func(c *Config) any { return &c.Postgres.Host }, 0},
	{"DB_PORT", "postgres::port", func(c *Config) any { return &c.Postgres.Port }, 0},
	{"DB_NAME", "postgres::database", func(c *Config) any { return &c.Postgres.Database }, 0},
	{"DB_USER", "postgres::username", func(c *Config) any { return &c.Postgres.Username }, 0},
	{"DB_PASSWORD", "postgres::password", func(c *Config) any { return &c.Postgres.Password }, 0},
	{"DB_SSL_MODE", "postgres::ssl_mode", func(c *Config) any { return &c.Postgres.SSLMode }, 0},
	{"DB_APP_NAME", "postgres::application_name", func(c *Config) any { return &c.Postgres.ApplicationName }, 0},
	{"REDIS_URL", "redis::url", func(c *Config) any { return &c.Redis.URL }, 0},
	{"REDIS_POOL_SIZE", "redis::pool_size", func(c *Config) any { return &c.Redis.PoolSize }, 0},
	{"REDIS_TIMEOUT_SECS", "redis::timeout", func(c *Config) any { return &c.Redis.Timeout }, time.Second},
	{"DB_POOL_MAX_CONNECTIONS", "pool::max_connections", func(c *Config) any { return &c.Pool.MaxConnections }, 0},
	{"DB_POOL_MIN_CONNECTIONS", "pool::min_connections", func(c *Config) any { return &c.Pool.MinConnections }, 0},
	{"DB_POOL_CONNECT_TIMEOUT", "pool::connect_timeout", func(c *Config) any { return &c.Pool.ConnectTimeout }, time.Second},
	{"DB_POOL_IDLE_TIMEOUT", "pool::idle_timeout", func(c *Config) any { return &c.Pool.IdleTimeout }, time.Second},
	{"DB_POOL_MAX_LIFETIME", "pool::max_lifetime", func(c *Config) any { return &c.Pool.MaxLifetime }, time.Second},
	{"DB_RETRY_MAX_ATTEMPTS", "connect_retry::max_attempts", func(c *Config) any { return &c.ConnectRetry.MaxAttempts }, 0},
	{"DB_RETRY_INITIAL_DELAY_MS", "connect_retry::initial_delay", func(c *Config) any { return &c.ConnectRetry.InitialDelay }, time.Millisecond},
	{"DB_RETRY_MAX_DELAY_MS", "connect_retry::max_delay", func(c *Config) any { return &c.ConnectRetry.MaxDelay }, time.Millisecond},
	{"DB_RETRY_BACKOFF_MULTIPLIER", "connect_retry::multiplier", func(c *Config) any { return &c.ConnectRetry.Multiplier }, 0},
}

// origin remembers what the environment said, so that Validate can name the variable behind a wrong value.
type origin struct {
	names  map[string]string // key → variable
	faults map[string]error  // key → why the variable's value could not be taken over
	dotEnv error             // why .env could not be read
	twice  []error           // what one source says in two places
}

// IsFromEnv reports whether the environment or .env set the key ("pool::max_connections").
func (c *Config) IsFromEnv(key string) bool { return c.origin.names[key] != "" }

// ConfigFromEnv returns the defaults, overridden by the file .env in the working directory, overridden by
// the environment. A variable that is set to nothing counts as not set. Wrong values are kept back and
// reported by [Config.Validate], all at once.
func ConfigFromEnv() Config {
	c := DefaultConfig()
	fromFile, err := godotenv.Read(dotEnv)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		// The parser's own message quotes the file, which holds secrets.
		var cannotRead *fs.PathError
		if !errors.As(err, &cannotRead) {
			err = errors.New("must hold lines of the form NAME=value")
		}
		c.origin.dotEnv = fmt.Errorf("%s: %w", dotEnv, err)
	}
	c.applyVariables(func(name string) string { return fromFile[name] })
	c.applyVariables(os.Getenv)
	return c
}

// applyVariables takes over the variables of one source, which is stronger than all before it.
func (c *Config) applyVariables(lookup func(string) string) {
	weaker := c.Postgres.URL
	names := map[string]string{}
	faults := map[string]error{}
	var keys []string
	for _, v := range variables {
		value := lookup(v.name)
		if value == "" || v.key == "postgres::port" && serviceAddress.MatchString(value) {
			continue
		}
		keys = append(keys, v.key)
		names[v.key] = v.name
		if allowed := assign(v.field(c), value, v.unit); allowed != "" {
			faults[v.key] = fault(v.key, v.name, strconv.Quote(value), allowed)
		}
		c.UseRedis = c.UseRedis || v.key == "redis::url"
	}
	c.override(weaker, keys)
	c.origin.names = merge(c.origin.names, names)
	c.origin.faults = merge(c.origin.faults, faults)
}

// assign parses value into the field; if it cannot, it says what is allowed and leaves the field alone.
func assign(field any, value string, unit time.Duration) (allowed string) {
	switch field := field.(type) {
	case *string:
		*field = value
	case *configopaque.String:
		*field = configopaque.String(value)
	case *int:
		n, err := strconv.Atoi(value)
		if err != nil {
			return "must be a whole number"
		}
		*field = n
	case *float64:
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return "must be a number"
		}
		*field = n
	case *time.Duration:
		n, err := strconv.ParseInt(value, 10, 32)
		if err != nil {
			return fmt.Sprintf("must be a whole number, in units of %s", unit)
		}
		*field = time.Duration(n) * unit
	default:
		panic(fmt.Sprintf("no way to parse a %T", field))
	}
	return ""
}

// Override tells a Config that the given keys ("postgres::host") were set by a source that is stronger than
// the one it came from, before. It settles what cannot be settled key by key: a URL from before gives way
// to a stronger port, database, … in just that part, and to a stronger host as a whole, since its user and password are
// those of another server. Faults of the environment in these keys no longer count. An empty URL or password does
// not override; a password file replaces a password from before.
func (c *Config) Override(before Config, keys ...string) {
	c.origin.twice = c.Postgres.saidTwice(keys)
	if len(c.Redis.Addrs) > 0 && c.Redis.URL != "" && slices.Contains(keys, "redis::url") && slices.Contains(keys, "redis::addrs") {
		c.origin.twice = append(c.origin.twice, errors.New("redis::addrs: is set together with redis::url; keep one of them"))
	}
	switch {
	case c.Postgres.Password == "":
		c.Postgres.Password = before.Postgres.Password
	case c.Postgres.PasswordFile != "" && !slices.Contains(keys, "postgres::password"):
		c.Postgres.Password = ""
	}
	c.override(before.Postgres.URL, keys)
}

func (c *Config) override(weaker configopaque.String, keys []string) {
	// The maps may be shared with a copy of this Config.
	c.origin.names = maps.Clone(c.origin.names)
	c.origin.faults = maps.Clone(c.origin.faults)
	for _, key := range keys {
		delete(c.origin.names, key)
		delete(c.origin.faults, key)
		if key == "postgres::url" && c.Postgres.URL != "" {
			weaker = ""
		}
	}
	if weaker == "" {
		return
	}
	if c.Postgres.Host != "" && slices.Contains(keys, "postgres::host") {
		c.Postgres.URL = ""
		return
	}
	var params []param
	for _, key := range keys {
		if p, ok := c.Postgres.param(key); ok {
			params = append(params, p)
		}
	}
	c.Postgres.URL = configopaque.String(addParams(string(weaker), params))
}

func merge[V any](into, from map[string]V) map[string]V {
	if into == nil {
		return from
	}
	maps.Copy(into, from)
	return into
}
