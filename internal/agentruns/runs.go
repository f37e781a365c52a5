// Package agentruns has, for tests, the captured runs of coding agents, what the model
// endpoint was asked in each, and changes after which a run still means the same.
package agentruns

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Truth is what the model endpoint of a run was asked, and the tools that the program ran.
type Truth struct {
	Calls          int64
	FailedRequests int64 `json:"failed_requests"`
	Input          int64
	CacheRead      int64 `json:"cache_read"`
	CacheWrite     int64 `json:"cache_write"`
	Output         int64
	Reasoning      int64
	Tools          int64 `json:"-"`
	Requests       []struct{ Tool string }
}

// Add adds what the endpoint was asked in another run.
func (s *Truth) Add(o Truth) {
	s.Calls += o.Calls
	s.FailedRequests += o.FailedRequests
	s.Input += o.Input
	s.CacheRead += o.CacheRead
	s.CacheWrite += o.CacheWrite
	s.Output += o.Output
	s.Reasoning += o.Reasoning
	s.Tools += o.Tools
}

func (s Truth) negative() Truth {
	return Truth{Calls: -s.Calls, FailedRequests: -s.FailedRequests, Input: -s.Input, CacheRead: -s.CacheRead, CacheWrite: -s.CacheWrite, Output: -s.Output, Reasoning: -s.Reasoning, Tools: -s.Tools}
}

// Run is a captured run. A signal that was not captured is empty.
type Run struct {
	Name   string
	Truth  Truth
	Traces ptrace.Traces
	Logs   plog.Logs
	// Untraced is what of the truth no span tells: traces were off.
	Untraced Truth
}

// Folder is where the captured runs are.
func Folder() string {
	_, file, _, _ := runtime.Caller(0)
	if !filepath.IsAbs(file) { // built with -trimpath: the working directory is that of a package
		for dir := "."; len(dir) < 32; dir = filepath.Join("..", dir) {
			if at := filepath.Join(dir, "internal/mapping/testdata/fixtures/cli"); exists(at) {
				return at
			}
		}
	}
	return filepath.Join(filepath.Dir(file), "../mapping/testdata/fixtures/cli")
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Load loads the captured runs in the order of their names.
func Load(t testing.TB) []Run { return load(t, Folder()) }

// Seldom loads captured runs of what happens seldom, cut to the spans and records that tell of
// calls: agents that call agents, tools of MCP servers, answers that never came.
func Seldom(t testing.TB) []Run { return load(t, filepath.Join(Folder(), "seldom")) }

func load(t testing.TB, folder string) (runs []Run) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder, "truth.json"))
	require.NoError(t, err)
	var truths map[string]Truth
	require.NoError(t, json.Unmarshal(data, &truths))
	for name, truth := range truths {
		for _, request := range truth.Requests {
			if request.Tool != "" {
				truth.Tools++
			}
		}
		truth.Requests = nil
		r := Run{Name: name, Truth: truth, Traces: ptrace.NewTraces(), Logs: plog.NewLogs()}
		if path := filepath.Join(folder, name+".traces.otlp.json"); exists(path) {
			r.Traces = LoadTraces(t, path)
		}
		if path := filepath.Join(folder, name+".logs.otlp.json"); exists(path) {
			r.Logs = LoadLogs(t, path)
		}
		runs = append(runs, r)
	}
	require.NotEmpty(t, runs)
	slices.SortFunc(runs, func(a, b Run) int { return strings.Compare(a.Name, b.Name) })
	return runs
}

// LoadTraces loads spans as OTLP JSON.
func LoadTraces(t testing.TB, path string) ptrace.Traces {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(data)
	require.NoError(t, err)
	return td
}

// LoadLogs loads log records as OTLP JSON.
func LoadLogs(t testing.TB, path string) plog.Logs {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	ld, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(data)
	require.NoError(t, err)
	return ld
}

// Agent is the first word of the program's name.
func (r *Run) Agent() string {
	agent, _, _ := strings.Cut(r.Name, "-")
	return agent
}

// TruthIn is what of the truth the given signals tell.
func (r *Run) TruthIn(traces, logs bool) Truth {
	traces = traces && r.Traces.SpanCount() > 0
	logs = logs && r.Logs.LogRecordCount() > 0 && r.Agent() != "opencode" // whose lines tell no call
	want := r.Truth
	switch {
	case !traces && !logs:
		return Truth{}
	case !logs && r.Untraced.Calls+r.Untraced.FailedRequests > 0:
		want.Add(r.Untraced.negative())
	case !logs && r.Agent() == "gemini": // its spans say neither of the cache nor of thoughts
		want.CacheRead, want.Output, want.Reasoning = 0, want.Output-want.Reasoning, 0
	}
	return want
}
