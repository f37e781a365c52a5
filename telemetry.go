package llmobservatoryexporter

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
	"github.com/llm-observatory/llmobservatoryexporter/internal/metadata"
	"github.com/llm-observatory/llmobservatoryexporter/internal/upkeep"
	"github.com/llm-observatory/llmobservatoryexporter/internal/write"
	"github.com/llm-observatory/llmobservatoryexporter/pool"
)

// Values of the attribute phase.
const (
	phaseMap      = "map"
	phaseResolve  = "resolve"
	phaseContents = "contents"
	phaseEvents   = "events"
	phaseSpans    = "spans"
	phaseCommit   = "commit"
	phaseTotal    = "total"
)

// telemetry is the exporter's own, see metadata.yaml.
type telemetry struct {
	builder *metadata.TelemetryBuilder
	name    attribute.KeyValue // the exporter's, of which a collector may have several
	only    metric.MeasurementOption
	phases  map[string]metric.MeasurementOption
	tiers   [3]metric.MeasurementOption

	mu         sync.Mutex
	logged     map[string]bool  // keys of logOnce
	partitions map[string]int64 // by table
	overdue    map[string]int64 // days, by table
}

func newTelemetry(set component.TelemetrySettings, id component.ID) (*telemetry, error) {
	builder, err := metadata.NewTelemetryBuilder(set)
	if err != nil {
		return nil, err
	}
	name := attribute.String("exporter", id.String())
	t := &telemetry{builder: builder, name: name, only: metric.WithAttributeSet(attribute.NewSet(name)), phases: map[string]metric.MeasurementOption{}, logged: map[string]bool{}, overdue: map[string]int64{}}
	for _, phase := range []string{phaseMap, phaseResolve, phaseContents, phaseEvents, phaseSpans, phaseCommit, phaseTotal} {
		t.phases[phase] = t.label("phase", phase)
	}
	for i, tier := range []string{"local", "redis", "postgres"} {
		t.tiers[i] = t.label("tier", tier)
	}
	return t, nil
}

func (t *telemetry) label(key, value string) metric.MeasurementOption {
	return metric.WithAttributeSet(attribute.NewSet(t.name, attribute.String(key, value)))
}

func (t *telemetry) shutdown() { t.builder.Shutdown() }

// observePool makes the pool's statistics readable.
func (t *telemetry) observePool(p *pool.Pool) error {
	states := [...]metric.MeasurementOption{
		t.label("state", "idle"), t.label("state", "acquired"), t.label("state", "constructing"), t.label("state", "max"),
	}
	err := t.builder.RegisterExporterLlmObservatoryPoolConnectionsCallback(func(_ context.Context, o metric.Int64Observer) error {
		s := p.Stats()
		for i, n := range [...]int32{s.Idle, s.Active, s.Constructing, s.Max} {
			o.Observe(int64(n), states[i].(metric.ObserveOption))
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = t.builder.RegisterExporterLlmObservatoryPoolAcquiresCallback(func(_ context.Context, o metric.Int64Observer) error {
		o.Observe(p.Stats().Acquires, t.only.(metric.ObserveOption))
		return nil
	})
	if err != nil {
		return err
	}
	err = t.builder.RegisterExporterLlmObservatoryPoolAcquireWaitCallback(func(_ context.Context, o metric.Float64Observer) error {
		o.Observe(p.Stats().AcquireWait.Seconds(), t.only.(metric.ObserveOption))
		return nil
	})
	if err != nil {
		return err
	}
	err = t.builder.RegisterExporterLlmObservatoryPartitionsCallback(t.observeByTable(func() map[string]int64 { return t.partitions }))
	if err != nil {
		return err
	}
	return t.builder.RegisterExporterLlmObservatoryRetentionOverdueDaysCallback(t.observeByTable(func() map[string]int64 { return t.overdue }))
}

// observeByTable makes counts readable that upkeep has told.
func (t *telemetry) observeByTable(counts func() map[string]int64) metric.Int64Callback {
	return func(_ context.Context, o metric.Int64Observer) error {
		t.mu.Lock()
		defer t.mu.Unlock()
		for table, n := range counts() {
			o.Observe(n, t.label("table", table).(metric.ObserveOption))
		}
		return nil
	}
}

// countOverdue notes the days of a table that retention should have dropped.
func (t *telemetry) countOverdue(table string, days int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.overdue[table] = days
}

func (t *telemetry) countPartitions(counts map[string]int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.partitions = counts
}

// removed counts what retention removed.
func (t *telemetry) removed(ctx context.Context, r upkeep.Removal) {
	table := t.label("table", r.Table)
	t.builder.ExporterLlmObservatoryRetentionRemovedDays.Add(ctx, int64(r.Days), table)
	t.builder.ExporterLlmObservatoryRetentionRemovedRows.Add(ctx, r.Rows, table)
	t.builder.ExporterLlmObservatoryRetentionRemovedBytes.Add(ctx, r.Bytes, table)
}

// repriced counts calls that were priced again.
func (t *telemetry) repriced(ctx context.Context, r *write.Repriced) {
	t.builder.ExporterLlmObservatoryCallsRepriced.Add(ctx, int64(r.Calls), t.only)
}

func (t *telemetry) took(ctx context.Context, phase string, d time.Duration) {
	t.builder.ExporterLlmObservatoryBatchWriteDuration.Record(ctx, d.Seconds(), t.phases[phase])
}

// mapped counts the repairs that mapping a batch took, but for the spans left, and the log
// records that get no row of their own.
func (t *telemetry) mapped(ctx context.Context, b *mapping.Batch, left []mapping.Span, d time.Duration) {
	t.took(ctx, phaseMap, d)
	if b.FilteredRecords > 0 {
		t.builder.ExporterLlmObservatoryLogRecordsFiltered.Add(ctx, int64(b.FilteredRecords), t.only)
	}
	if b.RepeatedRecords > 0 {
		t.builder.ExporterLlmObservatoryLogRecordsDuplicate.Add(ctx, int64(b.RepeatedRecords), t.only)
	}
	repairs := map[string]int{}
	count := func(spans []mapping.Span, by int) {
		for i := range spans {
			for _, name := range spans[i].Adjustments.Names() {
				repairs[name] += by
			}
		}
	}
	count(b.Spans, 1)
	count(left, -1)
	for name, n := range repairs {
		t.builder.ExporterLlmObservatorySpansRepaired.Add(ctx, int64(n), t.label("adjustment", name))
	}
}

func (t *telemetry) looked(ctx context.Context, l lookups) {
	for i, n := range [...]int{l.local, l.redis, l.postgres} {
		t.builder.ExporterLlmObservatoryTraceResolverLookups.Add(ctx, int64(n), t.tiers[i])
	}
}

func (t *telemetry) wrote(ctx context.Context, r *write.Result) {
	b := t.builder
	b.ExporterLlmObservatorySpansWritten.Add(ctx, int64(r.SpansWritten), t.only)
	b.ExporterLlmObservatorySpansDuplicate.Add(ctx, int64(r.SpansDuplicate), t.only)
	b.ExporterLlmObservatoryTracesCreated.Add(ctx, int64(r.TracesCreated), t.only)
	b.ExporterLlmObservatoryContentsWritten.Add(ctx, int64(r.ContentsWritten), t.only)
	b.ExporterLlmObservatoryContentsWrittenBytes.Add(ctx, int64(r.ContentsWrittenBytes), t.only)
	b.ExporterLlmObservatoryContentsReused.Add(ctx, int64(r.ContentsReused), t.only)
	b.ExporterLlmObservatoryContentsReusedBytes.Add(ctx, int64(r.ContentsReusedBytes), t.only)
	if r.RecordsWritten+r.RecordsDuplicate > 0 {
		b.ExporterLlmObservatoryLogRecordsWritten.Add(ctx, int64(r.RecordsWritten), t.only)
		b.ExporterLlmObservatoryLogRecordsDuplicate.Add(ctx, int64(r.RecordsDuplicate), t.only)
		t.took(ctx, phaseEvents, r.EventsTime)
	}
	t.took(ctx, phaseContents, r.ContentsTime)
	t.took(ctx, phaseResolve, r.ResolveTime)
	t.took(ctx, phaseSpans, r.SpansTime)
	t.took(ctx, phaseCommit, r.CommitTime)
}

func (t *telemetry) redisFailed() {
	t.builder.ExporterLlmObservatoryRedisErrors.Add(context.Background(), 1, t.only)
}

func (t *telemetry) rejected(ctx context.Context, reason string, aside write.SetAside) {
	if aside.Spans > 0 {
		t.builder.ExporterLlmObservatorySpansRejected.Add(ctx, int64(aside.Spans), t.label("reason", reason))
	}
	if aside.Records > 0 {
		t.builder.ExporterLlmObservatoryLogRecordsRejected.Add(ctx, int64(aside.Records), t.label("reason", reason))
	}
}

// logOnce reports whether what is logged once under a key, a reason for setting aside or another, is to be logged now.
func (t *telemetry) logOnce(key string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	first := !t.logged[key]
	t.logged[key] = true
	return first
}
