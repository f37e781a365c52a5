package llmobservatoryexporter

import (
	"testing"

	"github.com/llm-observatory/llmobservatoryexporter/internal/agentruns"
	"github.com/llm-observatory/llmobservatoryexporter/internal/signal"
)

// BenchmarkWeight weighs a batch as it is weighed before it is stored, and as a queue that
// counts bytes weighs each request. A span of conversations takes some 9,000 ns of CPU time in all.
func BenchmarkWeight(b *testing.B) {
	batch := agentruns.LoadTraces(b, "internal/mapping/testdata/fixtures/cli/codex-0.171.0-tools.traces.otlp.json")
	spans := batch.SpanCount()
	data := signal.Traces{Traces: batch}
	for b.Loop() {
		_ = weigh(data)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*spans), "ns/span")
}
