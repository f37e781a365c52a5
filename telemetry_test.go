package llmobservatoryexporter

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/llm-observatory/llmobservatoryexporter/internal/metadata"
	"github.com/llm-observatory/llmobservatoryexporter/internal/storetest"
)

// TestMetricsNameTheExporter has two exporters of one collector store different numbers of spans.
func TestMetricsNameTheExporter(t *testing.T) {
	meters := componenttest.NewTelemetry()
	t.Cleanup(func() { require.NoError(t, meters.Shutdown(context.Background())) })
	url := storetest.NewDatabase(t)
	want := map[string]int64{"llm_observatory/a": 1, "llm_observatory/b": 2}
	for name, spans := range want {
		cfg := NewFactory().CreateDefaultConfig().(*Config)
		cfg.Postgres.URL = configopaque.String(url)
		cfg.QueueConfig = configoptional.None[exporterhelper.QueueBatchConfig]()
		set := exportertest.NewNopSettings(metadata.Type)
		set.TelemetrySettings = meters.NewTelemetrySettings()
		require.NoError(t, set.ID.UnmarshalText([]byte(name)))
		e, err := NewFactory().CreateTraces(t.Context(), set, cfg)
		require.NoError(t, err)
		require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
		td := ptrace.NewTraces()
		stored := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
		for i := range spans {
			span := stored.AppendEmpty()
			span.SetTraceID([16]byte{byte(spans), byte(i + 1)})
			span.SetSpanID([8]byte{byte(spans), byte(i + 1)})
		}
		require.NoError(t, e.ConsumeTraces(t.Context(), td))
		require.NoError(t, e.Shutdown(t.Context()))
	}
	metric, err := meters.GetMetric("otelcol_exporter_llm_observatory_spans_written")
	require.NoError(t, err)
	got := map[string]int64{}
	for _, point := range metric.Data.(metricdata.Sum[int64]).DataPoints {
		name, _ := point.Attributes.Value(attribute.Key("exporter"))
		got[name.AsString()] = point.Value
	}
	assert.Equal(t, want, got)
}
