package llmobservatoryexporter

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter/exporterhelper"

	"github.com/llm-observatory/llmobservatoryexporter/internal/duration"
)

// durationKeys and wholeKeys are the keys of the block that hold a duration and a whole number. confmap by itself
// takes the number 30 for 30 ns and 1.5 for 1.
var (
	durationKeys = []string{
		"timeout",
		"redis::timeout", "redis::ttl",
		"pool::connect_timeout", "pool::idle_timeout", "pool::max_lifetime",
		"connect_retry::initial_delay", "connect_retry::max_delay",
		"health_check::interval",
		"retention::spans", "retention::contents", "retention::interval",
		"sending_queue::batch::flush_timeout", "sending_queue::batch::partition::idle_timeout",
		"retry_on_failure::initial_interval", "retry_on_failure::max_interval", "retry_on_failure::max_elapsed_time",
	}
	wholeKeys = []string{
		"postgres::port", "redis::pool_size", "pool::max_connections", "pool::min_connections",
		"connect_retry::max_attempts", "content::max_bytes",
		"sending_queue::queue_size", "sending_queue::num_consumers",
		"sending_queue::batch::min_size", "sending_queue::batch::max_size", "sending_queue::batch::partition::cache_size",
	}
)

const (
	minTimeout   = time.Second
	minInterval  = time.Second
	minRetention = 24 * time.Hour // a day is what retention drops
	minBytes     = 64 << 10       // fewer bytes are meant to be spans or requests
	spareOfPool  = 3              // connections for upkeep, health check and start, beside one for each consumer
	batchItems   = 8192           // exporterhelper's own default of spans
)

// takeValues replaces the durations of conf by what decoding takes, and removes and reports the values that decoding
// would take for something else.
func takeValues(conf *confmap.Conf) (faults []error) {
	refuse := func(key, allowed string) {
		value := fmt.Sprint(conf.Get(key))
		if text, ok := conf.Get(key).(string); ok {
			value = fmt.Sprintf("%q", text)
		}
		faults = append(faults, fault(key, value, allowed))
		conf.Delete(key)
	}
	for _, key := range durationKeys {
		if !conf.IsSet(key) || conf.Get(key) == nil {
			continue
		}
		d, err := duration.Parse(conf.Get(key))
		if err != nil {
			refuse(key, err.Error())
			continue
		}
		if err := conf.Merge(nested(key, d.String())); err != nil {
			faults = append(faults, err)
		}
	}
	for _, key := range wholeKeys {
		if n, ok := conf.Get(key).(float64); ok && n != math.Trunc(n) {
			refuse(key, "must be a whole number")
		}
	}
	return faults
}

// nested returns the configuration in which key has the value.
func nested(key string, value any) *confmap.Conf {
	parts := strings.Split(key, confmap.KeyDelimiter)
	for _, part := range slices.Backward(parts) {
		value = map[string]any{part: value}
	}
	return confmap.NewFromStringMap(value.(map[string]any))
}

func fault(key, value, allowed string) error {
	return fmt.Errorf("%s: %s is not valid: %s", key, value, allowed)
}

// fitQueue gives keys that the block leaves out the defaults that fit those it has.
func (cfg *Config) fitQueue(conf *confmap.Conf) (faults []error) {
	if !cfg.QueueConfig.HasValue() {
		return nil
	}
	queue := cfg.QueueConfig.Get()
	if queue.Sizer != exporterhelper.RequestSizerTypeBytes && !conf.IsSet("sending_queue::queue_size") {
		faults = append(faults, fmt.Errorf("sending_queue::queue_size: is required with sizer %s: the default, %d, counts bytes",
			queue.Sizer.String(), queue.QueueSize))
	}
	if !queue.Batch.HasValue() {
		return faults
	}
	batch := queue.Batch.Get()
	if batch.Sizer == exporterhelper.RequestSizerTypeItems && !conf.IsSet("sending_queue::batch::min_size") {
		batch.MinSize = batchItems
		if batch.MaxSize > 0 {
			batch.MinSize = min(batch.MinSize, batch.MaxSize)
		}
		if queue.Sizer == batch.Sizer {
			batch.MinSize = min(batch.MinSize, queue.QueueSize)
		}
	}
	return faults
}

// fitPool gives each consumer a connection, unless the number of connections is configured.
func (cfg *Config) fitPool(configured bool) {
	if cfg.QueueConfig.HasValue() && !configured {
		cfg.Pool.MaxConnections = max(cfg.QueueConfig.Get().NumConsumers+spareOfPool, cfg.Pool.MinConnections)
	}
}

// checkQueue reports sizes that are meant to count something else than they do.
func checkQueue(optional *configoptional.Optional[exporterhelper.QueueBatchConfig]) error {
	if !optional.HasValue() {
		return nil
	}
	var errs []error
	queue := optional.Get()
	inBytes := queue.Sizer == exporterhelper.RequestSizerTypeBytes
	if inBytes && queue.QueueSize > 0 && queue.QueueSize < minBytes {
		errs = append(errs, fault("sending_queue::queue_size", fmt.Sprint(queue.QueueSize),
			fmt.Sprintf("counts bytes (sizer: bytes), so it must be at least %d; set sizer: items or requests to count these", minBytes)))
	}
	if !queue.Batch.HasValue() {
		return errors.Join(errs...)
	}
	batch := queue.Batch.Get()
	inBytes = batch.Sizer == exporterhelper.RequestSizerTypeBytes
	if inBytes && batch.MinSize > 0 && batch.MinSize < minBytes {
		errs = append(errs, fault("sending_queue::batch::min_size", fmt.Sprint(batch.MinSize),
			fmt.Sprintf("counts bytes (batch::sizer: bytes), so it must be 0 (none) or at least %d; set batch::sizer: items to count spans", minBytes)))
	}
	if queue.Sizer == batch.Sizer && batch.MinSize > queue.QueueSize && queue.QueueSize >= minBytes {
		errs = append(errs, fault("sending_queue::queue_size", fmt.Sprint(queue.QueueSize),
			fmt.Sprintf("must hold a batch of batch::min_size (%d, both in %s); lower that", batch.MinSize, batch.Sizer.String())))
	}
	// exporterhelper drops a span that is longer, and what it came with.
	if inBytes && batch.MaxSize > 0 {
		errs = append(errs, fault("sending_queue::batch::max_size", fmt.Sprint(batch.MaxSize),
			"must be 0 (none) with sizer bytes, as longer spans would be lost"))
	}
	return errors.Join(errs...)
}

// checkRetry reports what would try again without a pause.
func checkRetry(retry *configretry.BackOffConfig) error {
	if !retry.Enabled {
		return nil
	}
	var errs []error
	if retry.InitialInterval <= 0 {
		errs = append(errs, fault("retry_on_failure::initial_interval", retry.InitialInterval.String(), "must be longer than 0, such as 5s"))
	}
	if retry.MaxInterval < retry.InitialInterval {
		errs = append(errs, fault("retry_on_failure::max_interval", retry.MaxInterval.String(),
			fmt.Sprintf("must not be shorter than initial_interval (%s)", retry.InitialInterval)))
	}
	if !(retry.Multiplier >= 1) { // also refuses NaN
		errs = append(errs, fault("retry_on_failure::multiplier", fmt.Sprint(retry.Multiplier), "must be at least 1"))
	}
	return errors.Join(errs...)
}
