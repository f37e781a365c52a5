package logs

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/llm-observatory/llmobservatoryexporter/internal/mapping"
)

const cases = "../mapping/testdata/fixtures/cli"

func load(t testing.TB, path string) plog.Logs {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	ld, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(data)
	require.NoError(t, err)
	return ld
}

// truth is what a model endpoint was asked in a run.
type truth struct {
	Calls          int
	FailedRequests int   `json:"failed_requests"`
	Input          int64 `json:"input"`
	CacheRead      int64 `json:"cache_read"`
	CacheWrite     int64 `json:"cache_write"`
	Output         int64 `json:"output"`
	Reasoning      int64 `json:"reasoning"`
}

// TestRecordsAloneTellTheTruth sums up the calls that the log records of each run tell.
func TestRecordsAloneTellTheTruth(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(cases, "truth.json"))
	require.NoError(t, err)
	var truths map[string]truth
	require.NoError(t, json.Unmarshal(data, &truths))
	paths, err := filepath.Glob(filepath.Join(cases, "*.logs.otlp.json"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".logs.otlp.json")
		t.Run(name, func(t *testing.T) {
			b := Read(load(t, path), KeepGenAI)
			require.Empty(t, b.Rejected)
			mapped := mapping.New(mapping.Options{}).Map(b.Spans)
			require.Len(t, mapped.Spans, len(b.Observations))
			var got truth
			for i, s := range mapped.Spans {
				o := b.Observations[i]
				if o.Tells != Call {
					continue
				}
				require.Equal(t, mapping.KindLLM, s.Kind, "%+v", o)
				// Two records tell each answer of Gemini CLI; the pair counts once, later.
				if o.Event == inferenceDetails {
					continue
				}
				if s.Status == "error" {
					got.FailedRequests++
					continue
				}
				got.Calls++
				got.Input += s.Usage.Input.V
				got.CacheRead += s.Usage.CacheRead.V
				got.CacheWrite += s.Usage.CacheCreation.V
				got.Output += s.Usage.Output.V
				got.Reasoning += s.Usage.Reasoning.V
			}
			if strings.HasPrefix(name, "opencode") {
				require.Zero(t, got, "lines of the application tell no call")
				return
			}
			require.Equal(t, truths[name], got)
		})
	}
}

func loadTraces(t testing.TB, path string) ptrace.Traces {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(data)
	require.NoError(t, err)
	return td
}

// TestBothSignalsTellTheTruth sums up what the plain definition counts of the spans and
// the records of each run together.
func TestBothSignalsTellTheTruth(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(cases, "truth.json"))
	require.NoError(t, err)
	var truths map[string]truth
	require.NoError(t, json.Unmarshal(data, &truths))
	paths, err := filepath.Glob(filepath.Join(cases, "*.logs.otlp.json"))
	require.NoError(t, err)
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".logs.otlp.json")
		traces := filepath.Join(cases, name+".traces.otlp.json")
		if _, err := os.Stat(traces); err != nil {
			continue
		}
		t.Run(name, func(t *testing.T) {
			mapper := mapping.New(mapping.Options{})
			spans := mapper.Map(loadTraces(t, traces)).Spans
			b := Read(load(t, path), KeepGenAI)
			mapped := mapper.Map(b.Spans).Spans
			all := tellingsOf(spans, b, mapped)
			define(all)
			require.Equal(t, truths[name], sumsOf(all))
			if strings.HasPrefix(name, "opencode") {
				return // its records tell no calls
			}
			all = tellingsOf(nil, b, mapped)
			define(all)
			require.Equal(t, truths[name], sumsOf(all), "records alone")
		})
	}
}

// sumsOf sums up what counts.
func sumsOf(all []telling) (got truth) {
	for i := range all {
		tell := &all[i]
		if tell.counted && tell.Kind == mapping.KindLLM {
			if tell.failed {
				got.FailedRequests++
			} else {
				got.Calls++
			}
		}
		if tell.usageCounted {
			u := &tell.Usage
			got.Input += u.Input.V
			got.CacheRead += u.CacheRead.V
			got.CacheWrite += u.CacheCreation.V
			got.Output += u.Output.V
			got.Reasoning += u.Reasoning.V
		}
	}
	return got
}
