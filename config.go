package llmobservatoryexporter

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter/exporterhelper"

	"github.com/llm-observatory/llmobservatoryexporter/internal/logs"
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

	// Events says which log records are kept.
	Events EventsConfig `mapstructure:"events"`

	// Labels are the names of attributes, of a span or else of its resource, that sums of usage tell apart:
	// teams, tenants, cost centres.
	Labels []string `mapstructure:"labels"`

	// fromEnv is what createDefaultConfig found, with what Validate has to say about it.
	fromEnv pool.Config

	// refused is what Unmarshal could not take over.
	refused []error
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

// EventsConfig says which log records get a row of llm_events. What they tell of calls is stored either way.
type EventsConfig struct {
	// Keep is "genai", for what programs and instrumentations tell of LLM calls, or "all".
	Keep logs.Keep `mapstructure:"keep"`
}

var (
	_ component.Config    = (*Config)(nil)
	_ confmap.Unmarshaler = (*Config)(nil)
	_ confmap.Validator   = (*Config)(nil)
)

// Unmarshal lays the block over the values from the environment. What it refuses, Validate reports with all else.
func (cfg *Config) Unmarshal(conf *confmap.Conf) error {
	before := cfg.PoolConfig()
	cfg.refused = takeValues(conf)
	err := conf.Unmarshal(cfg)
	if err != nil {
		cfg.refused = append(cfg.refused, refuseTypes(conf)...)
		err = conf.Unmarshal(cfg)
	}
	if err != nil {
		return errors.Join(append(cfg.refused, err)...)
	}
	connections := cfg.PoolConfig()
	connections.Override(before, conf.AllKeys()...)
	cfg.Postgres = connections.Postgres
	cfg.fromEnv = connections
	cfg.refused = append(cfg.refused, cfg.fitQueue(conf)...)
	cfg.fitPool(conf.IsSet("pool::max_connections") || before.IsFromEnv("pool::max_connections"))
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
// (sending_queue, retry_on_failure, timeout) validate themselves as well.
func (cfg *Config) Validate() error {
	connections := cfg.PoolConfig()
	return errors.Join(
		errors.Join(cfg.refused...),
		connections.Validate(),
		cfg.checkTimeout(),
		checkRetry(&cfg.RetryConfig),
		cfg.HealthCheck.check(),
		cfg.Retention.check(),
		cfg.Content.check(),
		cfg.Events.check(),
		checkLabels(cfg.Labels),
		checkQueue(&cfg.QueueConfig),
	)
}

// queueKind says where batches wait.
func (cfg *Config) queueKind() queueKind {
	queue := cfg.QueueConfig.Get()
	switch {
	case queue == nil || queue.WaitForResult:
		return queueNone
	case queue.StorageID != nil:
		return queueDisk
	}
	return queueMemory
}

func (cfg *Config) checkTimeout() error {
	if timeout := cfg.TimeoutConfig.Timeout; timeout != 0 && timeout < minTimeout {
		return fault("timeout", timeout.String(), "bounds the transaction of a batch, so it must be 0 (none) or at least 1s")
	}
	return nil
}

func (cfg *HealthCheckConfig) check() error {
	if cfg.Interval != 0 && (cfg.Interval < minInterval || cfg.Interval > maxInterval) {
		return fault("health_check::interval", cfg.Interval.String(), "must be 0 (off) or between 1s and 24h")
	}
	return nil
}

func (cfg *RetentionConfig) check() error {
	var errs []error
	add := func(key string, value time.Duration, allowed string) {
		errs = append(errs, fault("retention::"+key, value.String(), allowed))
	}
	const allowed = "must be 0 (for ever) or at least 24h, since whole days go"
	if cfg.Spans != 0 && cfg.Spans < minRetention {
		add("spans", cfg.Spans, allowed)
	}
	switch {
	case cfg.Contents != 0 && cfg.Contents < minRetention:
		add("contents", cfg.Contents, allowed)
	case cfg.Spans <= 0:
	case cfg.Contents == 0:
		add("contents", cfg.Contents, fmt.Sprintf("0 is for ever, and it must be at most retention::spans (%s)", cfg.Spans))
	case cfg.Contents > cfg.Spans:
		add("contents", cfg.Contents, fmt.Sprintf("must be at most retention::spans (%s)", cfg.Spans))
	}
	if cfg.Interval < minInterval {
		add("interval", cfg.Interval, "must be at least 1s, such as 1h")
	}
	return errors.Join(errs...)
}

func checkLabels(labels []string) error {
	var errs []error
	for i, name := range labels {
		add := func(allowed string) {
			errs = append(errs, fault(fmt.Sprintf("labels::%d", i), strconv.Quote(name), allowed))
		}
		switch {
		case strings.TrimSpace(name) != name:
			add("must not begin or end with a space")
		case name == "" || !utf8.ValidString(name) || strings.ContainsRune(name, 0):
			add("must be the name of an attribute, such as team")
		case slices.Contains(labels[:i], name):
			add("stands in the list before; name each label once")
		}
	}
	return errors.Join(errs...)
}

func (cfg *ContentConfig) check() error {
	var errs []error
	if cfg.Capture != captureFull && cfg.Capture != captureMetadata {
		errs = append(errs, fault("content::capture", strconv.Quote(cfg.Capture), "must be "+captureFull+" or "+captureMetadata))
	}
	if cfg.MaxBytes < 1 || cfg.MaxBytes > maxContentBytes {
		errs = append(errs, fault("content::max_bytes", strconv.Itoa(cfg.MaxBytes), fmt.Sprintf("must be between 1 and %d", maxContentBytes)))
	}
	return errors.Join(errs...)
}

func (cfg *EventsConfig) check() error {
	if cfg.Keep != logs.KeepGenAI && cfg.Keep != logs.KeepAll {
		return fault("events::keep", strconv.Quote(string(cfg.Keep)), fmt.Sprintf("must be %s or %s", logs.KeepGenAI, logs.KeepAll))
	}
	return nil
}
