package llmobservatoryexporter

import (
	"testing"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/signal"
)

// BenchmarkWeight weighs a batch as it is weighed before it is stored, and as a queue that
// counts bytes weighs each request. A span of conversations takes some 9,000 ns of CPU time in all.
func BenchmarkWeight(b *testing.B) {
	traces, spans := agentTraces(1, 500)
	batch := ptrace.NewTraces()
	for _, td := range traces {
		td.ResourceSpans().MoveAndAppendTo(batch.ResourceSpans())
	}
	data := signal.Traces{Traces: batch}
	for b.Loop() {
		_ = weigh(data)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*spans), "ns/span")
}
