package pool

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
)

// param is a libpq connection parameter.
type param struct{ name, value string }

// param returns the libpq parameter for a configuration key such as "postgres::host", if there is one.
func (c *PostgresConfig) param(key string) (param, bool) {
	switch key {
	case "postgres::host":
		return param{"host", c.Host}, true
	case "postgres::port":
		return param{"port", strconv.Itoa(c.Port)}, true
	case "postgres::database":
		return param{"dbname", c.Database}, true
	case "postgres::username":
		return param{"user", c.Username}, true
	case "postgres::password":
		return param{"password", string(c.Password)}, c.Password != ""
	case "postgres::ssl_mode":
		return param{"sslmode", c.SSLMode}, true
	case "postgres::tls::ca_file":
		return param{"sslrootcert", c.TLS.CAFile}, c.TLS.CAFile != ""
	case "postgres::tls::cert_file":
		return param{"sslcert", c.TLS.CertFile}, c.TLS.CertFile != ""
	case "postgres::tls::key_file":
		return param{"sslkey", c.TLS.KeyFile}, c.TLS.KeyFile != ""
	case "postgres::application_name":
		return param{"application_name", c.ApplicationName}, c.ApplicationName != ""
	}
	return param{}, false
}

// addressKeys are the keys that a URL replaces.
var addressKeys = []string{"postgres::host", "postgres::port", "postgres::database", "postgres::username"}

// additionKeys are the keys that add to a URL what it does not say.
var additionKeys = []string{
	"postgres::password", "postgres::ssl_mode", "postgres::tls::ca_file", "postgres::tls::cert_file",
	"postgres::tls::key_file", "postgres::application_name",
}

// connString returns the libpq connection string for these settings.
func (c *PostgresConfig) connString() string {
	conn := string(c.URL)
	keys := additionKeys
	if conn == "" {
		keys = append(addressKeys[:len(addressKeys):len(addressKeys)], additionKeys...)
	}
	var params []param
	for _, key := range keys {
		p, ok := c.param(key)
		// prefer is libpq's own default, so it need not be said.
		if !ok || says(conn, p.name) || p == (param{"sslmode", "prefer"}) {
			continue
		}
		params = append(params, p)
	}
	return addParams(conn, params)
}

// saidTwice reports which of the keys say what the URL, which is one of them, says too.
func (c *PostgresConfig) saidTwice(keys []string) (faults []error) {
	if c.URL == "" || !slices.Contains(keys, "postgres::url") {
		return nil
	}
	for _, key := range slices.Concat(addressKeys, additionKeys) {
		p, ok := c.param(key)
		if !ok || p.value == "" || !slices.Contains(keys, key) {
			continue
		}
		if slices.Contains(addressKeys, key) || says(string(c.URL), p.name) {
			faults = append(faults, fmt.Errorf("%s: is set together with postgres::url, which says it as well; keep one of them", key))
		}
	}
	return faults
}

func isURL(conn string) bool {
	return strings.HasPrefix(conn, "postgres://") || strings.HasPrefix(conn, "postgresql://")
}

// addParams adds parameters to a connection string of either form; they win over the same ones before.
func addParams(conn string, params []param) string {
	var b strings.Builder
	b.WriteString(conn)
	for i, p := range params {
		if !isURL(conn) {
			b.WriteString(" " + p.name + "='" + keywordEscaper.Replace(p.value) + "'")
			continue
		}
		separator := "&"
		if i == 0 && !strings.Contains(conn, "?") {
			separator = "?"
		}
		// libpq takes + for itself, not for a blank.
		b.WriteString(separator + p.name + "=" + strings.ReplaceAll(url.QueryEscape(p.value), "+", "%20"))
	}
	return strings.TrimPrefix(b.String(), " ")
}

var keywordEscaper = strings.NewReplacer(`\`, `\\`, `'`, `\'`)

// says reports whether a connection string sets the named parameter.
func says(conn, name string) bool {
	if !isURL(conn) {
		return regexp.MustCompile(`(^|\s)` + name + `\s*=`).MatchString(conn)
	}
	if name == "password" {
		if _, credentials, _ := splitURL(conn); strings.Contains(credentials, ":") {
			return true
		}
	}
	_, query, _ := strings.Cut(conn, "?")
	for pair := range strings.SplitSeq(query, "&") {
		key, _, _ := strings.Cut(pair, "=")
		if key, err := url.PathUnescape(key); err == nil && key == name {
			return true
		}
	}
	return false
}

// splitURL cuts a connection URL into scheme, user:password and the rest, which starts with @ if there are
// credentials.
func splitURL(conn string) (scheme, credentials, rest string) {
	start := strings.Index(conn, "://") + len("://")
	if i := strings.IndexAny(conn[start:], "@/"); i >= 0 && conn[start+i] == '@' {
		return conn[:start], conn[start : start+i], conn[start+i:]
	}
	return conn[:start], "", conn[start:]
}

// connStringFault says what is wrong with a connection string without ever quoting its password, or "".
func connStringFault(conn string) string {
	if strayAt(conn) {
		return "special characters in the password must be percent-encoded: @ as %40, / as %2F"
	}
	_, err := pgxpool.ParseConfig(conn)
	if err == nil {
		return ""
	}
	masked, ok := maskPassword(conn)
	if !ok {
		return "must be postgresql://user:password@host:5432/database?name=value, special characters percent-encoded"
	}
	if _, err = pgxpool.ParseConfig(masked); err == nil {
		return "special characters in the password must be percent-encoded"
	}
	return strings.TrimPrefix(err.Error(), "cannot parse `"+masked+"`: ")
}

// strayAt reports whether a URL has an @ where a part of the password would be taken for the host or the
// database, and so would appear in messages.
func strayAt(conn string) bool {
	if !isURL(conn) {
		return false
	}
	_, _, rest := splitURL(conn)
	address, _, _ := strings.Cut(rest, "?")
	return strings.Contains(strings.TrimPrefix(address, "@"), "@")
}

// maskPassword replaces the password in a connection URL. It gives up where a password can be elsewhere.
func maskPassword(conn string) (string, bool) {
	if !isURL(conn) || strings.Contains(conn, "password") || strayAt(conn) {
		return "", false
	}
	scheme, credentials, rest := splitURL(conn)
	if user, _, found := strings.Cut(credentials, ":"); found {
		credentials = user + ":xxxxx"
	}
	return scheme + credentials + rest, true
}
