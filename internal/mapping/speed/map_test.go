// Package speed measures package mapping in a program of its own: the test cases of the package are
// 0.7 MB in memory, which the garbage collector marks again and again while a benchmark runs. That
// took a tenth of the time of a fixture.
package speed

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/agentruns"
	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

const (
	fixtures = "../testdata/fixtures"
	ending   = ".otlp.json"
)

// BenchmarkMap maps each fixture over and over: what a span costs once its messages
// are known, as in a running service.
func BenchmarkMap(b *testing.B) {
	for _, pattern := range []string{"*", "*/*"} {
		paths, err := filepath.Glob(filepath.Join(fixtures, pattern+ending))
		require.NoError(b, err)
		require.NotEmpty(b, paths)
		for _, path := range paths {
			name, err := filepath.Rel(fixtures, strings.TrimSuffix(path, ending))
			require.NoError(b, err)
			if strings.HasSuffix(name, ".logs") || strings.HasSuffix(name, ".metrics") {
				continue
			}
			b.Run(filepath.ToSlash(name), func(b *testing.B) {
				benchmark(b, agentruns.LoadTraces(b, path))
			})
		}
	}
}

// BenchmarkMapBatch maps 256 spans of one kind at once, the usual size of a batch.
func BenchmarkMapBatch(b *testing.B) {
	for _, name := range []string{
		"otel-current-openai-chat", "nesting-mcp-tool-halves", "openllmetry-openai-indexed", "openinference-openai-llm",
		"vercel-v4-generate-text-tools", "langfuse-generation", "real/sentry-node-openai-anthropic",
	} {
		b.Run(name, func(b *testing.B) {
			one := agentruns.LoadTraces(b, filepath.Join(fixtures, filepath.FromSlash(name)+ending))
			td := ptrace.NewTraces()
			for td.SpanCount() < 256 {
				for _, rs := range one.ResourceSpans().All() {
					rs.CopyTo(td.ResourceSpans().AppendEmpty())
				}
			}
			benchmark(b, td)
		})
	}
}

func benchmark(b *testing.B, td ptrace.Traces) {
	b.Helper()
	m := mapping.New(mapping.Options{})
	m.Map(td)
	b.ReportAllocs()
	for b.Loop() {
		m.Map(td)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(td.SpanCount()), "ns/span")
}
