package llmobservatoryexporter

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter/exporterhelper"

	"github.com/llm-observatory/llmobservatoryexporter/internal/duration"
)

const (
	minTimeout   = time.Second
	minInterval  = time.Second
	maxInterval  = 24 * time.Hour // of probes; a multiple of it must be a duration
	minPause     = time.Millisecond
	maxRetry     = 100            // times a pause may grow
	minRetention = 24 * time.Hour // a day is what retention drops
	minBytes     = 64 << 10       // fewer bytes are meant to be spans or requests
	maxConsumers = 1000           // far above what any server takes; stops typing errors
	spareOfPool  = 3              // connections for upkeep, health check and start, beside one for each consumer
	batchItems   = 8192           // exporterhelper's own default of spans
)

// takeValues removes the keys without a value, which count as left out, replaces durations by what decoding takes, and
// removes and reports the values that decoding would take for something else: confmap takes the number 30 for 30 ns and
// 1.5 for 1.
func takeValues(conf *confmap.Conf) (faults []error) {
	hadRedis := conf.IsSet("redis")
	for _, key := range conf.AllKeys() {
		if conf.Get(key) == nil {
			conf.Delete(key)
		}
	}
	if hadRedis && !conf.IsSet("redis") { // the block alone turns Redis on
		_ = conf.Merge(nested("redis", map[string]any{})) // merges any two blocks
	}
	for _, k := range keys {
		if !conf.IsSet(k.name) {
			continue
		}
		switch {
		case k.typ == reflect.TypeFor[time.Duration]():
			d, err := duration.Parse(conf.Get(k.name))
			if err != nil {
				faults = append(faults, refuse(conf, k, err.Error()))
				continue
			}
			_ = conf.Merge(nested(k.name, d.String()))
		case isWhole(k.typ):
			if n, ok := conf.Get(k.name).(float64); ok && n != math.Trunc(n) {
				faults = append(faults, refuse(conf, k, "must be a whole number"))
			}
		}
	}
	return faults
}

// refuse removes a value and says what is allowed.
func refuse(conf *confmap.Conf, k key, allowed string) error {
	value := fmt.Sprint(conf.Get(k.name))
	if text, ok := conf.Get(k.name).(string); ok {
		value = fmt.Sprintf("%q", text)
	}
	if k.typ == reflect.TypeFor[configopaque.String]() {
		value = "the value (not shown)"
	}
	conf.Delete(k.name)
	return fault(k.name, value, allowed)
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
	if !cfg.QueueConfig.HasValue() || configured {
		return
	}
	if consumers := cfg.QueueConfig.Get().NumConsumers; consumers > 0 && consumers <= maxConsumers {
		cfg.Pool.MaxConnections = max(consumers+spareOfPool, cfg.Pool.MinConnections)
	}
}

// checkQueue reports sizes that are meant to count something else than they do.
func checkQueue(optional *configoptional.Optional[exporterhelper.QueueBatchConfig]) error {
	if !optional.HasValue() {
		return nil
	}
	var errs []error
	queue := optional.Get()
	if queue.NumConsumers > maxConsumers {
		errs = append(errs, fault("sending_queue::num_consumers", fmt.Sprint(queue.NumConsumers),
			fmt.Sprintf("must be at most %d: each has a connection to PostgreSQL", maxConsumers)))
	}
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
	if retry.InitialInterval < minPause {
		errs = append(errs, fault("retry_on_failure::initial_interval", retry.InitialInterval.String(), fmt.Sprintf("must be at least %s, such as 5s", minPause)))
	}
	if retry.MaxInterval < retry.InitialInterval {
		errs = append(errs, fault("retry_on_failure::max_interval", retry.MaxInterval.String(),
			fmt.Sprintf("must not be shorter than initial_interval (%s)", retry.InitialInterval)))
	}
	if !(retry.Multiplier >= 1 && retry.Multiplier <= maxRetry) { // also refuses NaN
		errs = append(errs, fault("retry_on_failure::multiplier", fmt.Sprint(retry.Multiplier), fmt.Sprintf("must be between 1 and %d", maxRetry)))
	}
	if math.IsNaN(retry.RandomizationFactor) {
		errs = append(errs, fault("retry_on_failure::randomization_factor", "NaN", "must be between 0 and 1"))
	}
	return errors.Join(errs...)
}
