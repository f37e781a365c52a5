package pool

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/redis/go-redis/v9"
)

const (
	maxDelay       = time.Hour             // of reconnecting; longer looks like an outage of the exporter
	maxAge         = 1000 * 24 * time.Hour // for durations that mean never; a multiple of it must be a duration
	maxSchemaBytes = 63                    // NAMEDATALEN - 1
	maxConnections = 65535                 // far above what any server takes; stops typing errors
)

var sslModes = []string{"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}

// Validate reports every fault, each on a line of its own with the key, the value (never a secret's) and
// what is allowed. For a value from the environment the line names the variable.
func (c *Config) Validate() error {
	f := &faults{names: c.origin.names}
	if c.origin.dotEnv != nil {
		f.errs = append(f.errs, c.origin.dotEnv)
	}
	for _, v := range variables {
		moot := (strings.HasPrefix(v.key, "redis::") && !c.UseRedis) || (v.key == "postgres::port" && c.Postgres.URL != "")
		if err := c.origin.faults[v.key]; err != nil && !moot {
			f.errs = append(f.errs, err)
		}
	}
	f.errs = append(f.errs, c.origin.twice...)
	c.Postgres.check(f)
	if c.UseRedis {
		c.Redis.check(f)
	}
	c.Pool.check(f)
	c.ConnectRetry.check(f)
	return errors.Join(f.errs...)
}

// faults collects what is wrong.
type faults struct {
	names map[string]string // key → environment variable that set it
	errs  []error
}

func (f *faults) add(key string, value any, allowed string) {
	shown := fmt.Sprint(value)
	if text, ok := value.(string); ok {
		shown = strconv.Quote(text)
	}
	f.errs = append(f.errs, fault(key, f.names[key], shown, allowed))
}

// addSecret is add for values that must not be shown.
func (f *faults) addSecret(key, allowed string) {
	f.errs = append(f.errs, fault(key, f.names[key], "the value (not shown)", allowed))
}

func fault(key, variable, value, allowed string) error {
	if variable != "" {
		key += " (environment variable " + variable + ")"
	}
	return fmt.Errorf("%s: %s is not valid: %s", key, value, allowed)
}

func (f *faults) inRange(key string, value, low, high int) {
	if value < low || value > high {
		f.add(key, value, fmt.Sprintf("must be between %d and %d", low, high))
	}
}

func (f *faults) between(key string, value, low, high time.Duration) {
	if value < low || value > high {
		f.add(key, value, fmt.Sprintf("must be between %s and %s, such as 5s", low, high))
	}
}

func (f *faults) notEmpty(key, value string) {
	if value == "" || strings.ContainsRune(value, 0) {
		f.add(key, value, "must be a name")
	}
}

func (c *PostgresConfig) check(f *faults) {
	before := len(f.errs)
	if c.URL != "" {
		c.checkURL(f)
	} else {
		f.notEmpty("postgres::host", c.Host)
		if allowed := hostFault(c.Host); allowed != "" {
			f.add("postgres::host", c.Host, allowed)
		}
		f.inRange("postgres::port", c.Port, 1, 65535)
		f.notEmpty("postgres::database", c.Database)
		f.notEmpty("postgres::username", c.Username)
	}
	known := false
	for _, mode := range sslModes {
		known = known || c.SSLMode == mode
	}
	if !known {
		f.add("postgres::ssl_mode", c.SSLMode, "must be one of "+strings.Join(sslModes, ", "))
	}
	c.TLS.check(f, "postgres::tls::")
	c.checkCA(f)
	c.checkPassword(f)
	if strings.ContainsRune(c.ApplicationName, 0) {
		f.add("postgres::application_name", c.ApplicationName, "must not contain a NUL character")
	}
	if allowed := schemaFault(c.Schema); allowed != "" {
		f.add("postgres::schema", c.Schema, allowed)
	}
	if len(f.errs) > before {
		return // the connection string would only repeat these faults
	}
	if allowed := connStringFault(c.connString()); allowed != "" {
		f.addSecret("postgres::url", allowed)
	}
}

// elsewhere are parameters of a URL that other keys stand for, by their names in the URL.
var elsewhere = map[string]string{
	"search_path":             "postgres::schema",
	"schema":                  "postgres::schema",
	"currentSchema":           "postgres::schema",
	"pool_max_conns":          "pool::max_connections",
	"pool_min_conns":          "pool::min_connections",
	"pool_max_conn_lifetime":  "pool::max_lifetime",
	"pool_max_conn_idle_time": "pool::idle_timeout",
}

// checkURL refuses what would have no effect in a URL.
func (c *PostgresConfig) checkURL(f *faults) {
	url := string(c.URL)
	if strings.TrimSpace(url) != url {
		f.addSecret("postgres::url", "must not begin or end with a space or a line break")
	}
	for _, name := range slices.Sorted(maps.Keys(elsewhere)) {
		if says(url, name) {
			f.addSecret("postgres::url", fmt.Sprintf("must not have the parameter %s; set %s instead", name, elsewhere[name]))
		}
	}
}

// hostFault says what is wrong with a list of hosts, or "". A port in it would be taken for a part of the name, which
// is then looked for without end.
func hostFault(hosts string) (allowed string) {
	for host := range strings.SplitSeq(hosts, ",") {
		switch {
		case strings.Contains(host, "/.s.PGSQL."):
			return "must be the folder of the socket, without the socket's own name"
		case hosts == "", isSocket(host), isAddress(host):
		case host == "":
			return "has an empty name in the list"
		case strings.Contains(host, "@"):
			return "must be a host; the user goes into postgres::username (DB_USER)"
		case strings.Contains(host, "://"):
			return "must be a host; a URL goes into postgres::url (DATABASE_URL)"
		case strings.Contains(host, ":"):
			return "must be a host; the port goes into postgres::port (DB_PORT)"
		case strings.ContainsAny(host, "/[]*") || strings.ContainsFunc(host, unicode.IsSpace):
			return "must be a host name, an IP address or the absolute path of a socket's folder"
		}
	}
	return ""
}

// isSocket reports whether a host is the folder of a unix socket, or the name of an abstract one.
func isSocket(host string) bool { return filepath.IsAbs(host) || strings.HasPrefix(host, "@") }

func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// checkCA refuses a file that no mode of TLS here would look at.
func (c *PostgresConfig) checkCA(f *faults) {
	switch mode := c.SSLMode; mode {
	case "disable", "allow", "prefer":
		if c.TLS.CAFile != "" && !says(string(c.URL), "sslmode") {
			f.add("postgres::tls::ca_file", c.TLS.CAFile, "needs postgres::ssl_mode verify-full, verify-ca or require; "+mode+" checks no certificate")
		}
	}
}

func (c *PostgresConfig) checkPassword(f *faults) {
	if c.PasswordFile != "" {
		if _, err := readPassword(c.PasswordFile); err != nil {
			f.add("postgres::password_file", c.PasswordFile, reason(err))
		}
		if c.Password != "" {
			f.errs = append(f.errs, errors.New("postgres::password_file: is set together with postgres::password; keep one of them"))
		}
		return
	}
	needsNone := c.URL != "" || c.TLS.CertFile != "" || !slices.ContainsFunc(strings.Split(c.Host, ","), func(host string) bool { return !isSocket(host) })
	if c.Password == "" && !needsNone {
		f.errs = append(f.errs, errors.New("postgres::password: DB_PASSWORD environment variable is required "+
			"(or set postgres::password, postgres::password_file or postgres::url)"))
	}
}

func schemaFault(name string) (allowed string) {
	switch {
	case name == "" || len(name) > maxSchemaBytes:
		return fmt.Sprintf("must have 1 to %d bytes", maxSchemaBytes)
	case !utf8.ValidString(name) || strings.ContainsRune(name, 0):
		return "must be UTF-8 without NUL characters"
	case strings.HasPrefix(name, "pg_"):
		return "must not start with pg_, which Postgres keeps for itself"
	case name == "information_schema":
		return "is a schema of Postgres itself"
	case strings.TrimSpace(name) != name:
		return "must not begin or end with a space"
	}
	return ""
}

func (c *TLSConfig) check(f *faults, prefix string) {
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		switch {
		case err != nil:
			f.add(prefix+"ca_file", c.CAFile, reason(err))
		case !x509.NewCertPool().AppendCertsFromPEM(pem):
			f.add(prefix+"ca_file", c.CAFile, "must hold certificates in PEM form")
		}
	}
	switch {
	case c.CertFile == "" && c.KeyFile == "":
	case c.CertFile == "":
		f.add(prefix+"cert_file", c.CertFile, "is required with key_file")
	case c.KeyFile == "":
		f.add(prefix+"key_file", c.KeyFile, "is required with cert_file")
	default:
		if _, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile); err != nil {
			f.add(prefix+"cert_file", c.CertFile, "must be a certificate in PEM form that matches key_file: "+err.Error())
		}
	}
}

// reason is a file error without the path, which the fault shows anyway.
func reason(err error) string {
	var pathErr *os.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	return "must be a readable file: " + err.Error()
}

func (c *RedisConfig) check(f *faults) {
	if len(c.Addrs) == 0 {
		c.checkURL(f)
	}
	for i, addr := range c.Addrs {
		host, port, err := net.SplitHostPort(addr)
		if n, _ := strconv.Atoi(port); err != nil || host == "" || n < 1 || n > 65535 {
			f.add(fmt.Sprintf("redis::addrs::%d", i), addr, "must be host:port, such as cache:6379 or [::1]:6379")
		}
	}
	if c.SentinelPassword != "" && c.MasterName == "" {
		f.addSecret("redis::sentinel_password", "needs redis::master_name, without which redis::addrs are a cluster's nodes")
	}
	if c.MasterName != "" && len(c.Addrs) == 0 {
		f.add("redis::master_name", c.MasterName, "needs the Sentinels' addresses in redis::addrs")
	}
	c.TLS.check(f, "redis::tls::")
	f.inRange("redis::pool_size", c.PoolSize, 1, maxConnections)
	f.between("redis::timeout", c.Timeout, time.Millisecond, time.Hour)
	f.between("redis::ttl", c.TTL, time.Second, maxAge)
	f.notEmpty("redis::key_prefix", c.KeyPrefix)
}

func (c *RedisConfig) checkURL(f *faults) {
	options, err := redis.ParseURL(string(c.URL))
	if err == nil && options.DB >= 0 {
		c.checkTwice(options, f)
		return
	}
	const allowed = "must be redis://user:password@host:6379/0, rediss://… for TLS or unix:///path/to/socket?db=0"
	parsed, err := url.Parse(string(c.URL))
	if err != nil || parsed.User != nil || parsed.Query().Has("password") {
		f.addSecret("redis::url", allowed)
		return
	}
	f.add("redis::url", string(c.URL), allowed)
}

// checkTwice refuses a login that the URL has as well.
func (c *RedisConfig) checkTwice(options *redis.Options, f *faults) {
	for key, twice := range map[string]bool{
		"redis::username": c.Username != "" && options.Username != "",
		"redis::password": c.Password != "" && options.Password != "",
	} {
		if twice {
			f.errs = append(f.errs, errors.New(key+": is set together with redis::url, which says it as well; keep one of them"))
		}
	}
}

func (c *SizeConfig) check(f *faults) {
	f.inRange("pool::max_connections", c.MaxConnections, 1, maxConnections)
	if c.MinConnections < 0 || c.MinConnections > c.MaxConnections {
		f.add("pool::min_connections", c.MinConnections,
			fmt.Sprintf("must be between 0 and max_connections (%d)", c.MaxConnections))
	}
	f.between("pool::connect_timeout", c.ConnectTimeout, 10*time.Millisecond, time.Hour)
	f.between("pool::idle_timeout", c.IdleTimeout, time.Second, maxAge)
	f.between("pool::max_lifetime", c.MaxLifetime, time.Second, maxAge)
}

func (c *RetryConfig) check(f *faults) {
	f.inRange("connect_retry::max_attempts", c.MaxAttempts, 1, 1000)
	f.between("connect_retry::initial_delay", c.InitialDelay, time.Millisecond, maxDelay)
	if c.MaxDelay < c.InitialDelay || c.MaxDelay > maxDelay {
		f.add("connect_retry::max_delay", c.MaxDelay, fmt.Sprintf("must not be shorter than initial_delay (%s), nor longer than %s", c.InitialDelay, maxDelay))
	}
	if !(c.Multiplier >= 1 && c.Multiplier <= 100) { // also refuses NaN
		f.add("connect_retry::multiplier", c.Multiplier, "must be between 1 and 100")
	}
}
