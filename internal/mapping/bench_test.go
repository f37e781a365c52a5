package mapping

import (
	"path/filepath"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/ptrace"
)

// BenchmarkMap maps each fixture over and over: what a span costs once its messages
// are known, as in a running service.
func BenchmarkMap(b *testing.B) {
	for _, name := range fixtureNames(b) {
		b.Run(strings.TrimPrefix(filepath.ToSlash(name), "testdata/fixtures/"), func(b *testing.B) {
			td := loadTraces(b, name)
			m := New(Options{})
			m.Map(td)
			b.ReportAllocs()
			for b.Loop() {
				m.Map(td)
			}
			spans := float64(td.SpanCount())
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/spans, "ns/span")
		})
	}
}

// BenchmarkMapBatch maps 256 spans of one kind at once, the usual size of a batch.
func BenchmarkMapBatch(b *testing.B) {
	for _, name := range []string{
		"otel-current-openai-chat", "nesting-mcp-tool-halves", "openllmetry-openai-indexed", "openinference-openai-llm",
		"vercel-v4-generate-text-tools", "langfuse-generation", "real/sentry-node-openai-anthropic",
	} {
		b.Run(name, func(b *testing.B) {
			one := loadTraces(b, filepath.Join("testdata", "fixtures", filepath.FromSlash(name)))
			td := ptrace.NewTraces()
			for td.SpanCount() < 256 {
				for _, rs := range one.ResourceSpans().All() {
					rs.CopyTo(td.ResourceSpans().AppendEmpty())
				}
			}
			m := New(Options{})
			m.Map(td)
			b.ReportAllocs()
			for b.Loop() {
				m.Map(td)
			}
			spans := float64(td.SpanCount())
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/spans, "ns/span")
		})
	}
}
