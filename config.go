package llmobservatoryexporter

import (
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter/exporterhelper"

	"github.com/llm-observatory/llmobservatoryexporter/pool"
)

// Values of content::capture.
const (
	captureFull     = "full"
	captureMetadata = "metadata"
)

// maxContentBytes is where content::max_bytes ends: Postgres cannot hold a longer string in jsonb.
const maxContentBytes = 128 << 20

// Config is the exporter's block in the collector's configuration. A key that the block does not have comes
// from the environment, else from the file .env in the working directory, else from the defaults.
type Config struct {
	TimeoutConfig exporterhelper.TimeoutConfig                             `mapstructure:",squash"`
	QueueConfig   configoptional.Optional[exporterhelper.QueueBatchConfig] `mapstructure:"sending_queue"`
	RetryConfig   configretry.BackOffConfig                                `mapstructure:"retry_on_failure"`

	// Postgres says which database to use and how to log in.
	Postgres pool.PostgresConfig `mapstructure:"postgres"`

	// Redis, if there is the block or REDIS_URL is set, is a cache of trace ids that several collectors share.
	Redis configoptional.Optional[pool.RedisConfig] `mapstructure:"redis"`

	// Pool bounds the number and the age of the Postgres connections.
	Pool pool.SizeConfig `mapstructure:"pool"`

	// ConnectRetry says how often and how fast one round of connecting to Postgres tries.
	ConnectRetry pool.RetryConfig `mapstructure:"connect_retry"`

	// HealthCheck says how Postgres is probed while nothing is written.
	HealthCheck HealthCheckConfig `mapstructure:"health_check"`

	// Retention says how long to keep what.
	Retention RetentionConfig `mapstructure:"retention"`

	// CreateSchema runs the migrations on start. Without it the start only checks that they have run.
	CreateSchema bool `mapstructure:"create_schema"`

	// Content says what is kept of the words: messages, tool calls, documents.
	Content ContentConfig `mapstructure:"content"`

	// fromEnv is what createDefaultConfig found, with what Validate has to say about it.
	fromEnv pool.Config
}

// HealthCheckConfig says how Postgres is probed.
type HealthCheckConfig struct {
	// Interval lies between two probes; 0 turns them off. There is none while writes succeed, nor when
	// nothing was sent for ten intervals, so that a serverless Postgres may sleep.
	Interval time.Duration `mapstructure:"interval"`
}

// RetentionConfig says how long to keep what. 0 is for ever.
type RetentionConfig struct {
	// Spans is the age at which a day's traces, spans and resources go.
	Spans time.Duration `mapstructure:"spans"`

	// Contents is the age at which a day's words go, not later than the spans that refer to them. The
	// default is Spans.
	Contents time.Duration `mapstructure:"contents"`

	// Interval lies between two rounds of removing.
	Interval time.Duration `mapstructure:"interval"`
}

// ContentConfig says what is kept of the words.
type ContentConfig struct {
	// Capture is "full" or "metadata", which keeps the facts and none of the words.
	Capture string `mapstructure:"capture"`

	// MaxBytes is the size at which one content is cut.
	MaxBytes int `mapstructure:"max_bytes"`
}

var (
	_ component.Config    = (*Config)(nil)
	_ confmap.Unmarshaler = (*Config)(nil)
	_ confmap.Validator   = (*Config)(nil)
)

// Unmarshal lays the block over the values from the environment.
func (cfg *Config) Unmarshal(conf *confmap.Conf) error {
	before := cfg.PoolConfig()
	if err := conf.Unmarshal(cfg); err != nil {
		return err
	}
	connections := cfg.PoolConfig()
	connections.Override(before, conf.AllKeys()...)
	cfg.Postgres = connections.Postgres
	cfg.fromEnv = connections
	if !conf.IsSet("retention::contents") {
		cfg.Retention.Contents = cfg.Retention.Spans
	}
	return nil
}

// PoolConfig returns the part of the configuration that opens the connections.
func (cfg *Config) PoolConfig() pool.Config {
	connections := cfg.fromEnv
	connections.Postgres = cfg.Postgres
	connections.Pool = cfg.Pool
	connections.ConnectRetry = cfg.ConnectRetry
	connections.UseRedis = cfg.Redis.HasValue()
	if connections.UseRedis {
		connections.Redis = *cfg.Redis.Get()
	}
	return connections
}

// Validate reports every fault, each on a line of its own that starts with the key. The standard blocks
// (sending_queue, retry_on_failure, timeout) validate themselves.
func (cfg *Config) Validate() error {
	connections := cfg.PoolConfig()
	return errors.Join(
		connections.Validate(),
		cfg.HealthCheck.check(),
		cfg.Retention.check(),
		cfg.Content.check(),
		checkBatch(&cfg.QueueConfig),
	)
}

// checkBatch refuses a limit in bytes on batches: exporterhelper drops a span that is longer, and what it came with.
func checkBatch(queue *configoptional.Optional[exporterhelper.QueueBatchConfig]) error {
	if !queue.HasValue() || !queue.Get().Batch.HasValue() {
		return nil
	}
	batch := queue.Get().Batch.Get()
	if batch.Sizer != exporterhelper.RequestSizerTypeBytes || batch.MaxSize == 0 {
		return nil
	}
	return fmt.Errorf("sending_queue::batch::max_size: %d is not valid: must be 0 (none) with sizer bytes, as longer spans would be lost", batch.MaxSize)
}

func (cfg *HealthCheckConfig) check() error {
	if cfg.Interval < 0 {
		return fmt.Errorf("health_check::interval: %s is not valid: must be 0 (off) or longer", cfg.Interval)
	}
	return nil
}

func (cfg *RetentionConfig) check() error {
	var errs []error
	add := func(key string, value time.Duration, allowed string) {
		errs = append(errs, fmt.Errorf("retention::%s: %s is not valid: %s", key, value, allowed))
	}
	if cfg.Spans < 0 {
		add("spans", cfg.Spans, "must be 0 (for ever) or longer")
	}
	switch {
	case cfg.Contents < 0:
		add("contents", cfg.Contents, "must be 0 (for ever) or longer")
	case cfg.Spans <= 0:
	case cfg.Contents == 0:
		add("contents", cfg.Contents, fmt.Sprintf("0 is for ever, and it must be at most retention::spans (%s)", cfg.Spans))
	case cfg.Contents > cfg.Spans:
		add("contents", cfg.Contents, fmt.Sprintf("must be at most retention::spans (%s)", cfg.Spans))
	}
	if cfg.Interval <= 0 {
		add("interval", cfg.Interval, "must be longer than 0, such as 1h")
	}
	return errors.Join(errs...)
}

func (cfg *ContentConfig) check() error {
	var errs []error
	if cfg.Capture != captureFull && cfg.Capture != captureMetadata {
		errs = append(errs, fmt.Errorf("content::capture: %q is not valid: must be %s or %s", cfg.Capture, captureFull, captureMetadata))
	}
	if cfg.MaxBytes < 1 || cfg.MaxBytes > maxContentBytes {
		errs = append(errs, fmt.Errorf("content::max_bytes: %d is not valid: must be between 1 and %d", cfg.MaxBytes, maxContentBytes))
	}
	return errors.Join(errs...)
}
