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
	"github.com/redis/go-redis/v9/maintnotifications"
	"go.uber.org/zap"
)

// redisClient knows whether Redis answers, so that nobody waits for one that does not.
type redisClient struct {
	client  redis.UniversalClient
	timeout time.Duration
	retry   RetryConfig
	logger  *zap.Logger

	up     atomic.Bool
	down   chan error // holds the failure that the watcher has to see
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// openRedis returns at once. A server that answers the first ping is in use from then on.
func openRedis(c RedisConfig, retry RetryConfig, logger *zap.Logger) (*redisClient, error) {
	options, err := c.options()
	if err != nil {
		return nil, err
	}
	r := &redisClient{
		client:  redis.NewUniversalClient(options),
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

// failed takes Redis out of use; the watcher brings it back.
func (r *redisClient) failed(err error) {
	if r.up.CompareAndSwap(true, false) {
		r.down <- err
	}
}

// watch brings Redis into use whenever it answers, until ctx ends.
func (r *redisClient) watch(ctx context.Context) {
	var failure error
	for {
		if !r.awaitAnswer(ctx, failure) {
			return
		}
		r.up.Store(true)
		select {
		case failure = <-r.down:
		case <-ctx.Done():
			return
		}
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
		if !sleep(ctx, delay) {
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

// options returns what go-redis needs, for one server, Sentinels or a cluster.
func (c *RedisConfig) options() (*redis.UniversalOptions, error) {
	options := &redis.UniversalOptions{
		Addrs:            c.Addrs,
		MasterName:       c.MasterName,
		Username:         c.Username,
		Password:         string(c.Password),
		SentinelPassword: string(c.SentinelPassword),
	}
	if len(c.Addrs) == 0 {
		one, err := redis.ParseURL(string(c.URL))
		if err != nil {
			// The cause quotes the URL.
			return nil, newError(KindConfig, "cannot use Redis", errors.New("redis::url is not valid"))
		}
		options.Addrs = []string{one.Addr}
		options.Dialer = one.NewDialer()
		options.DB = one.DB
		options.TLSConfig = one.TLSConfig
		if one.Username != "" {
			options.Username = one.Username
		}
		if one.Password != "" {
			options.Password = one.Password
		}
	}
	if err := c.applyTLS(options); err != nil {
		return nil, newError(KindConfig, "cannot use Redis", err)
	}
	options.PoolSize = c.PoolSize
	options.DialTimeout = c.Timeout
	options.ReadTimeout = c.Timeout
	options.WriteTimeout = c.Timeout
	options.PoolTimeout = c.Timeout
	// A caller's deadline is the limit, and a server that is gone is known at once: the watcher tries again.
	options.ContextTimeoutEnabled = true
	options.DialerRetries = 1
	options.MaxRetries = 1
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return options, nil
}

func (c *RedisConfig) applyTLS(options *redis.UniversalOptions) error {
	if c.TLS == (TLSConfig{}) {
		return nil
	}
	config := options.TLSConfig
	if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if c.TLS.CAFile != "" {
		pem, err := os.ReadFile(c.TLS.CAFile)
		if err != nil {
			return err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return errors.New("redis::tls::ca_file holds no certificate")
		}
	}
	if c.TLS.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(c.TLS.CertFile, c.TLS.KeyFile)
		if err != nil {
			return err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	options.TLSConfig = config
	return nil
}
