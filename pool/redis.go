package pool

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"
	"go.uber.org/zap"

	"github.com/llm-observatory/llmobservatoryexporter/internal/sleep"
)

const (
	dialAttempts   = 1 // the watcher tries again; a caller must not wait for it
	commandRetries = 1 // a connection that broke while idle is replaced

	steadyTime = time.Minute // in use for so long, Redis is not one that fails again and again
)

// withoutNotifications spares each new connection a question that most servers do not know.
var withoutNotifications = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}

// quiet turns off go-redis's own log, of which a process has one and which goes to standard error, a line for
// each failed attempt. The watcher says what an operator needs to know.
var quiet = sync.OnceFunc(logging.Disable)

// redisClient knows whether Redis answers, so that nobody waits for one that does not.
type redisClient struct {
	client  redis.UniversalClient
	timeout time.Duration
	retry   RetryConfig
	logger  *zap.Logger

	up     atomic.Bool
	warned atomic.Bool // of a command that Redis refused
	down   chan error  // holds the failure that the watcher has to see
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// openRedis returns at once. A server that answers the first ping is in use from then on.
func openRedis(c RedisConfig, retry RetryConfig, logger *zap.Logger) (*redisClient, error) {
	quiet()
	client, err := c.newClient()
	if err != nil {
		return nil, err
	}
	r := &redisClient{
		client:  client,
		timeout: c.Timeout,
		retry:   retry,
		logger:  logger,
		down:    make(chan error, 1),
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	r.done.Go(func() { r.watch(ctx) })
	return r, nil
}

func (r *redisClient) close() {
	r.cancel()
	r.done.Wait()
	r.up.Store(false)
	_ = r.client.Close() // nothing is lost with these connections
}

// failed takes Redis out of use; the watcher brings it back. A server that refuses a command, because its memory
// is full for instance, does answer: there is nothing to wait for, and a warning is enough.
func (r *redisClient) failed(err error) {
	var refusal redis.Error
	if errors.As(err, &refusal) {
		if r.warned.CompareAndSwap(false, true) {
			r.logger.Warn("Redis refuses a command, going on without what it does not take", zap.Error(err))
		}
		return
	}
	if r.up.CompareAndSwap(true, false) {
		r.down <- err
	}
}

// watch brings Redis into use whenever it answers, until ctx ends. One that fails soon after each time, because
// it answers too slowly for instance, is left alone for longer and longer.
func (r *redisClient) watch(ctx context.Context) {
	var failure error
	pause := r.retry.InitialDelay
	for {
		if !r.awaitAnswer(ctx, failure) {
			return
		}
		r.up.Store(true)
		since := time.Now()
		select {
		case failure = <-r.down:
		case <-ctx.Done():
			return
		}
		if time.Since(since) > steadyTime {
			pause = r.retry.InitialDelay
			continue
		}
		if sleep.For(ctx, pause) != nil {
			return
		}
		pause = r.retry.next(pause)
	}
}

// awaitAnswer pings until there is an answer or ctx ends. It says once that Redis is down, the failure being
// why or nil, and once that it is back.
func (r *redisClient) awaitAnswer(ctx context.Context, failure error) bool {
	warned := false
	warn := func(err error) {
		if !warned {
			r.logger.Warn("Redis does not answer, going on without it", zap.Error(err))
		}
		warned = true
	}
	if failure != nil {
		warn(failure)
	}
	delay := r.retry.InitialDelay
	for {
		err := r.ping(ctx)
		if ctx.Err() != nil {
			return false
		}
		if err == nil {
			break
		}
		warn(err)
		if sleep.For(ctx, delay) != nil {
			return false
		}
		delay = r.retry.next(delay)
	}
	if warned {
		r.logger.Info("Redis answers again")
	}
	return true
}

func (r *redisClient) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	if err := r.client.Ping(ctx).Err(); err != nil {
		return newError(KindRedis, "Redis does not answer", err)
	}
	return nil
}

// newClient returns a client of one server, by URL, or of Sentinels or a cluster, by addresses. It does not
// connect yet.
func (c *RedisConfig) newClient() (redis.UniversalClient, error) {
	if len(c.Addrs) > 0 {
		return c.newManyClient()
	}
	options, err := redis.ParseURL(string(c.URL))
	if err != nil {
		// The cause quotes the URL.
		return nil, newError(KindConfig, "cannot use Redis", errors.New("redis::url is not valid"))
	}
	if options.Username == "" {
		options.Username = c.Username
	}
	if options.Password == "" {
		options.Password = string(c.Password)
	}
	if options.TLSConfig, err = c.TLS.apply(options.TLSConfig); err != nil {
		return nil, newError(KindConfig, "cannot use Redis", err)
	}
	options.PoolSize = c.PoolSize
	options.DialTimeout = c.Timeout
	options.ReadTimeout = c.Timeout
	options.WriteTimeout = c.Timeout
	options.ContextTimeoutEnabled = true
	options.DialerRetries = dialAttempts
	options.MaxRetries = commandRetries
	options.MaintNotificationsConfig = withoutNotifications
	return redis.NewClient(options), nil
}

func (c *RedisConfig) newManyClient() (redis.UniversalClient, error) {
	config, err := c.TLS.apply(nil)
	if err != nil {
		return nil, newError(KindConfig, "cannot use Redis", err)
	}
	return redis.NewUniversalClient(&redis.UniversalOptions{
		Addrs:                    c.Addrs,
		IsClusterMode:            c.MasterName == "",
		MasterName:               c.MasterName,
		Username:                 c.Username,
		Password:                 string(c.Password),
		SentinelPassword:         string(c.SentinelPassword),
		TLSConfig:                config,
		PoolSize:                 c.PoolSize,
		DialTimeout:              c.Timeout,
		ReadTimeout:              c.Timeout,
		WriteTimeout:             c.Timeout,
		ContextTimeoutEnabled:    true,
		DialerRetries:            dialAttempts,
		MaxRetries:               commandRetries,
		MaintNotificationsConfig: withoutNotifications,
	}), nil
}

// apply adds the files to a TLS configuration, nil standing for none yet. Without files it stays as it is.
func (c *TLSConfig) apply(config *tls.Config) (*tls.Config, error) {
	if *c == (TLSConfig{}) {
		return config, nil
	}
	if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		config.RootCAs.AppendCertsFromPEM(pem) // Validate has looked at it
	}
	if c.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}
